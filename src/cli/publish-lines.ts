import { Readable } from 'node:stream'
import { HubError } from '../errors.js'
import type { Publishing, Taken } from './publishing.js'

/**
 * Publishes events in order, as many at once as there may be, up to the first failure.
 *
 * @param lines the JSON of an event each; undefined for a line to pass over
 * @returns what became of each, in order, as soon as that is known
 * @throws {HubError} as publishing does, saying which line it was and how many went before
 */
export async function* publishLines(
  publishing: Publishing,
  lines: AsyncIterable<string | undefined>,
): AsyncGenerator<Taken, void, undefined> {
  const underWay: number[] = []
  let done = 0
  const publish = ({ line, event }: { line: number; event: string }) => {
    underWay.push(line)
    return publishing.publish(event)
  }
  const all = Readable.from(numbered(lines)).map(publish, { concurrency: publishing.window })
  try {
    for await (const taken of all) {
      underWay.shift()
      done += 1
      yield taken
    }
  } catch (error) {
    const [line, ...later] = underWay
    if (!(error instanceof HubError) || line === undefined) throw error
    const more = later.length > 0 ? `, ${later.length} after it were under way` : ''
    const where = `line ${line}: ${error.message}; ${done} published before it${more}`
    throw new HubError(error.code, where, { cause: error })
  }
}

async function* numbered(lines: AsyncIterable<string | undefined>) {
  let line = 0
  for await (const event of lines) {
    line += 1
    if (event !== undefined) yield { line, event }
  }
}
