import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readLines } from '../../src/cli/input.js'

describe('the lines of a stream', () => {
  const linesOf = async (...chunks: Buffer[]) => {
    const lines: string[] = []
    for await (const line of readLines(chunksOf(chunks))) lines.push(line)
    return lines
  }

  it('end with LF or CRLF, the last one without too', async () => {
    assert.deepEqual(await linesOf(Buffer.from('a\r\n\nb\u2028c\rd')), ['a', '', 'b\u2028c\rd'])
    assert.deepEqual(await linesOf(Buffer.from('a\n')), ['a'])
    assert.deepEqual(await linesOf(), [])
  })

  it('are the same wherever the stream is cut, within a character too', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', '\u2028'), maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.nat(), async (lines, at) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''))
        const cut = at % (bytes.length + 1)
        assert.deepEqual(await linesOf(bytes.subarray(0, cut), bytes.subarray(cut)), lines)
      }),
    )
  })

  it('may be long, without being gone through again with every chunk', async () => {
    const chunks = Array.from({ length: 2048 }, () => Buffer.alloc(16_384, 'a'))
    const started = process.cpuUsage()
    const [line] = await linesOf(...chunks)
    const { user, system } = process.cpuUsage(started)
    assert.equal(line?.length, 2048 * 16_384)
    assert.ok(user + system < 2e6, `it took ${(user + system) / 1e6} s of CPU`)
  })

  it('must be UTF-8 to the end', async () => {
    await assert.rejects(linesOf(Buffer.from([0xe9, 0x0a])), { code: 'INVALID_EVENT' })
    await assert.rejects(linesOf(Buffer.from('é').subarray(0, 1)), { code: 'INVALID_EVENT' })
  })
})

async function* chunksOf(chunks: Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks
}
