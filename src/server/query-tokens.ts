/** The names under which the query may hold a token, lower-cased. [RFC 6750, Mercure] */
const PARAMETERS = ['access_token', 'authorization']

/**
 * Takes tokens out of a request target, before anything can log it.
 *
 * @returns the target without them, and their values
 */
export function takeTokens(target: string): { target: string; tokens: string[] } {
  const mark = target.indexOf('?')
  if (mark === -1) return { target, tokens: [] }
  const tokens: string[] = []
  const rest = target
    .slice(mark + 1)
    .split('&')
    .filter((part) => {
      const [pair] = new URLSearchParams(part)
      if (!pair || !PARAMETERS.includes(pair[0].toLowerCase())) return true
      if (pair[1] !== '') tokens.push(pair[1])
      return false
    })
  return {
    target: `${target.slice(0, mark)}${rest.length > 0 ? `?${rest.join('&')}` : ''}`,
    tokens,
  }
}
