import { readFileSync } from 'node:fs'

/** Connections that may wait at a port until they are taken; those beyond are lost by the system. */
const WAITING = waiting()

/** Opens so many connections: at once, as far as the system lets them wait to be taken. */
export async function atOnce<T>(count: number, open: (index: number) => Promise<T>): Promise<T[]> {
  const opened: T[] = []
  while (opened.length < count) {
    const { length: from } = opened
    const length = Math.min(WAITING, count - from)
    const opening = Array.from({ length }, (_, index) => open(from + index))
    opened.push(...(await Promise.all(opening)))
  }
  return opened
}

function waiting(): number {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')) || 128
  } catch {
    return 128
  }
}
