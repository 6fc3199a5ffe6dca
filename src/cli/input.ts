import { constants, isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { Errors } from '@oclif/core'
import { HubError, messageOf } from '../errors.js'

/**
 * The content of a file, as it is.
 *
 * @throws {CLIError} if it cannot be read
 * @throws {HubError} `INVALID_EVENT` if it is not UTF-8
 */
export async function readText(file: string): Promise<string> {
  const content = await readFile(file).catch((error: unknown) => {
    throw new Errors.CLIError(`cannot read ${file}: ${messageOf(error)}`)
  })
  if (!isUtf8(content)) throw notUtf8(file)
  return content.toString('utf8')
}

/**
 * The lines of a stream. Only LF and CRLF end a line: U+2028, at which `node:readline` would
 * break, may stand inside a JSON string.
 *
 * @throws {HubError} `INVALID_EVENT` if it is not UTF-8, or a line longer than a string can be
 */
export async function* readLines(
  stream: AsyncIterable<Buffer>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const chunk of stream) {
    // Only the chunk is split: the rest would be gone through with every chunk of a long line.
    const [first = '', ...later] = decode(decoder, chunk).split('\n')
    rest = joined(rest, first)
    for (const next of later) {
      yield rest.replace(/\r$/, '')
      rest = next
    }
  }
  rest = joined(rest, decode(decoder))
  if (rest !== '') yield rest
}

function joined(line: string, more: string): string {
  if (line.length + more.length <= constants.MAX_STRING_LENGTH) return line + more
  throw new HubError('INVALID_EVENT', 'a line of standard input is too long for an event')
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk?: Buffer): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined })
  } catch {
    throw notUtf8('standard input')
  }
}

function notUtf8(name: string): HubError {
  return new HubError('INVALID_EVENT', `${name} is not valid UTF-8`)
}
