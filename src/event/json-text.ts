/**
 * The members of a JSON object as they stand in its text, unparsed, so that a number keeps its
 * digits beyond 2^53. A name that occurs twice is listed twice.
 *
 * @param text an object that JSON.parse accepts; anything else gives nonsense
 * @returns pairs of name and JSON text, the white space between tokens taken out
 */
export function members(text: string): [name: string, value: string][] {
  const found: [string, string][] = []
  let name: string | undefined
  let start = 0
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (character === '"') {
      const end = stringEnd(text, at)
      if (depth === 1 && name === undefined) {
        name = JSON.parse(text.slice(at, end)) as string
        start = text.indexOf(':', end) + 1
        at = start - 1
      } else {
        at = end - 1
      }
    } else if (character === '{' || character === '[') {
      depth += 1
    } else if (character === '}' || character === ']' || character === ',') {
      if (depth === 1 && name !== undefined) {
        found.push([name, compact(text.slice(start, at))])
        name = undefined
      }
      if (character !== ',') depth -= 1
    }
  }
  return found
}

/** Takes the white space between the tokens of a JSON text out. */
function compact(text: string): string {
  if (!/\s/.test(text)) return text
  let result = ''
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at)
    const end = quote === -1 ? text.length : quote
    result += text.slice(at, end).replace(/\s+/g, '')
    at = quote === -1 ? end : stringEnd(text, quote)
    result += text.slice(end, at)
  }
  return result
}

/** Where the string that begins at `quote` ends: the index after its closing quote. */
function stringEnd(text: string, quote: number): number {
  for (let end = text.indexOf('"', quote + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text[end - 1 - backslashes] === '\\') backslashes += 1
    if (backslashes % 2 === 0) return end + 1
  }
  return text.length
}
