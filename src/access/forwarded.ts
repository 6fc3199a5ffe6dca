/** A pair of RFC 7239, `for=192.0.2.43` or `for="[2001:db8::1]:80"`, and what has to follow it. */
const PAIR = /\s*([!#$%&'*+.^`|~\w-]+)=(?:([!#$%&'*+.^`|~\w-]+)|"((?:[^"\\]|\\.)*)")\s*(?:;|$)/suy

const MAX_PORT = 65_535

/** A list's items; a comma within quotes ends none. */
const ITEM = /(?:[^",]|"(?:[^"\\]|\\.)*")*(?:,|$)/suy

/**
 * The addresses that `X-Forwarded-For` names, as its hops wrote them, the nearest one last.
 * A port is left out.
 */
export function xForwardedFor(header: string): (string | undefined)[] {
  return header.split(',').map((item) => withoutPort(item.trim()))
}

/**
 * The addresses that `Forwarded` names, the nearest one last; undefined for a hop that names none,
 * or that is not written as RFC 7239 has it. [spec]
 */
export function forwarded(header: string): (string | undefined)[] {
  return itemsOf(header).map((item) => {
    const node = item === undefined ? undefined : nodeOf(item)
    return node === undefined ? undefined : withoutPort(node)
  })
}

/** Undefined for what is left when a quote is not closed. */
function itemsOf(header: string): (string | undefined)[] {
  const items: (string | undefined)[] = []
  ITEM.lastIndex = 0
  while (true) {
    const found = ITEM.exec(header)?.[0]
    if (found === undefined) return [undefined]
    items.push(found.replace(/,$/, ''))
    if (!found.endsWith(',')) return items
  }
}

/** The value of the one `for` of an element. */
function nodeOf(item: string): string | undefined {
  const values = new Map<string, string>()
  PAIR.lastIndex = 0
  while (PAIR.lastIndex < item.length) {
    const [, name, token, quoted] = PAIR.exec(item) ?? []
    if (name === undefined || values.has(name.toLowerCase())) return undefined
    values.set(name.toLowerCase(), token ?? (quoted ?? '').replace(/\\(.)/gsu, '$1'))
  }
  return values.get('for')
}

/** `1.2.3.4:80`, `[::1]` and `[::1]:80` are addresses, too; undefined where it is no port. */
function withoutPort(node: string): string | undefined {
  const [, inBrackets, alone, port = '0'] =
    /^(?:\[([\da-f:.]*:[\da-f:.]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/i.exec(node) ?? []
  return Number(port) > MAX_PORT ? undefined : (inBrackets ?? alone ?? node)
}
