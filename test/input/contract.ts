import assert from 'node:assert/strict'
import type { RunningHub } from '../helpers/hub.js'

/** A way by which events come into a hub. */
export interface Input {
  readonly name: string
  /** @param settings what the hub's configuration file holds besides */
  start(settings?: object): Promise<StartedInput>
}

/** A hub that takes events by it. */
export interface StartedInput {
  readonly hub: RunningHub
  /** Sends an event as it is; resolves with whether it was taken. */
  send(channel: string, body: string | Buffer): Promise<boolean>
  stop(): Promise<void>
}

/** By each field that is one line of a stream, all that ends a line or a field somewhere. */
const INJECTIONS = ['id', 'event', 'retry'].flatMap((field) =>
  Object.entries({ LF: '\n', CR: '\r', CRLF: '\r\n', 'a NUL': '\0' }).map(([what, end]) => {
    const event = { data: 'x', [field]: `1${end}data: forged${end}${end}` }
    return [`with ${what} in its ${field}`, JSON.stringify(event)] as const
  }),
)

/** What every input takes, refuses, and makes of what it takes. */
export function describeInput({ name, start }: Input): void {
  describe(`an event that comes by ${name}`, () => {
    let input: StartedInput
    let hub: RunningHub

    before(async () => {
      input = await start()
      hub = input.hub
    })
    afterEach(() => hub.closeStreams())
    after(() => input.stop())

    /** What a subscriber is shown of events; all of them have to be taken. */
    const shown = async (channel: string, ...bodies: string[]) => {
      const stream = await hub.subscribe(encodeURIComponent(channel))
      for (const body of bodies) assert.equal(await input.send(channel, body), true, body)
      await stream.count(bodies.length)
      return stream
    }
    const events = async () => (await hub.stats()).global.broadcasted_events

    it('goes to those who are connected, and into the history if it has an id', async () => {
      const stream = await shown('basic', '{"data":"a","id":"1","event":"note"}', '{"data":"b"}')
      assert.deepEqual(stream.events, [
        { id: '1', event: 'note', data: 'a' },
        { id: undefined, event: undefined, data: 'b' },
      ])
      const late = await hub.subscribe('basic?getcache=1')
      await late.count(1)
      assert.deepEqual(late.ids, ['1'])
    })

    it('keeps its digits, and the text of data that is JSON', async () => {
      const stream = await shown(
        'digits',
        '{"id":12345678901234567890,"data":{"a": 1.0, "b": [10000000000000000001]}}',
        '{"id":0,"data":""}',
      )
      assert.deepEqual(stream.events, [
        {
          id: '12345678901234567890',
          event: undefined,
          data: '{"a":1.0,"b":[10000000000000000001]}',
        },
        { id: '0', event: undefined, data: '' },
      ])
    })

    it('comes in the order in which it was sent', async () => {
      const bodies = Array.from({ length: 200 }, (_, n) => `{"id":${n},"data":${n}}`)
      const { ids } = await shown('order', ...bodies)
      assert.deepEqual(
        ids,
        bodies.map((_, n) => `${n}`),
      )
    })

    it('goes to its own channel only, whatever that is called', async () => {
      const names = ['..', '../../x', '__proto__', 'a:b/{c}*#.d', 'é', 'e\u0301', ' ', 'Stats']
      const longest = ['x'.repeat(128), '\u{1f600}'.repeat(128)]
      for (const channel of [...names, ...longest]) {
        const stream = await shown(channel, JSON.stringify({ data: channel }))
        assert.deepEqual(stream.data, [channel])
      }
    })

    for (const [what, channel] of [
      ['no name', ''],
      ['a name that is the address of the figures', 'stats'],
      ['a name of 129 characters', 'x'.repeat(129)],
      ['a NUL in its name', 'a\0b'],
      ['a line end in its name', 'a\r\nb'],
      ['the prefix of the hub in its name', '-/x'],
    ] as const) {
      it(`is refused for a channel with ${what}, and makes no channel`, async () => {
        const before = (await hub.stats()).global.channels
        assert.equal(await input.send(channel, '{"data":"x","id":1}'), false)
        assert.equal((await hub.stats()).global.channels, before)
      })
    }

    for (const [what, body] of [
      ['nothing', ''],
      ['white space', ' \n'],
      ['text', 'hello'],
      ['JSON that is cut off', '{"data":"x"'],
      ['JSON and more', '{"data":"x"} x'],
      ['a list', '[{"data":"x"}]'],
      ['a string', '"x"'],
      ['null', 'null'],
      ['a form', 'data=x&id=1'],
      ['without data', '{"id":1}'],
      ['with null for its data', '{"data":null}'],
      ['with a member twice', '{"data":"a","data":"b"}'],
      ['with a member twice, one of them escaped', '{"data":"a","d\\u0061ta":"b"}'],
      ['after a prototype', '{"data":"x","__proto__":{"polluted":1}}'],
      ['not UTF-8', Buffer.from('{"data":"\xe9"}', 'latin1')],
      ['in UTF-16', Buffer.from('{"data":"x"}', 'utf16le')],
      ['with an id of no use as a header', '{"data":"x","id":"é"}'],
      ['with an id that is too long', `{"data":"x","id":"${'x'.repeat(129)}"}`],
      ['with an empty id', '{"data":"x","id":""}'],
      ['of a type that is the hub’s own', '{"data":"x","event":"ssehub.gap"}'],
      ['with a negative retry', '{"data":"x","retry":-1}'],
      ...INJECTIONS,
    ] as const) {
      it(`is refused when it is ${what}, and nobody sees anything`, async () => {
        const stream = await hub.subscribe('refused')
        const before = await events()
        assert.equal(await input.send('refused', body), false)
        assert.equal(await events(), before)
        assert.equal(await input.send('refused', '{"data":"after it"}'), true)
        await stream.count(1)
        assert.equal(stream.body, ':ok\n\ndata: after it\n\n')
        assert.equal(({} as Record<string, unknown>).polluted, undefined)
      })
    }

    it('cannot end itself or begin a field by line ends in its data', async () => {
      const data = 'a\rid: 9\r\nevent: forged\n\nretry: 1\r\r:c'
      const { events } = await shown('injection', JSON.stringify({ data }))
      assert.deepEqual(events, [
        { id: undefined, event: undefined, data: data.replace(/\r\n|\r/g, '\n') },
      ])
    })

    it('keeps NUL, U+2028 and a byte order mark in its data', async () => {
      const data = '\ufeffa\0b\u2028c'
      assert.deepEqual((await shown('characters', JSON.stringify({ data }))).data, [data])
    })

    it('may hold any names in its data, and is passed on as it is', async () => {
      const data = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
      assert.deepEqual((await shown('names', `{"data":${data}}`)).data, [data])
      assert.equal(({} as Record<string, unknown>).polluted, undefined)
    })

    it('may be as deep as it likes', async () => {
      const data = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
      assert.deepEqual((await shown('deep', `{"data":${data}}`)).data, [data])
    })

    it('has 8,192,000 bytes at most', async () => {
      const body = (bytes: number) => `{"data":"${'x'.repeat(bytes - 11)}"}`
      assert.equal(await input.send('large', body(8_192_001)), false)
      assert.equal(await input.send('large', body(8_192_000)), true)
    })

    it('has a retry that is brought into its limits', async () => {
      const { body } = await shown('retry', '{"data":"","retry":0}', '{"data":"","retry":99999999}')
      assert.deepEqual(body.match(/^retry: .*$/gm), ['retry: 500', 'retry: 3600000'])
    })

    it('is refused for a channel that is not defined, where channels have to be', async () => {
      const strict = await start({
        server: { allowUndefinedChannels: false },
        channels: [{ path: 'defined' }],
      })
      assert.equal(await strict.send('undefined', '{"data":"x"}'), false)
      assert.equal(await strict.send('defined', '{"data":"x"}'), true)
      await strict.stop()
    })

    it('is given an id where assignIds says so', async () => {
      const assigning = await start({ channels: [{ path: 'a', assignIds: true }] })
      const stream = await assigning.hub.subscribe('a')
      await assigning.send('a', '{"data":"x"}')
      const [event] = await stream.count(1)
      assert.match(event?.id ?? '', /^[a-z0-9]{8}-1$/)
      assigning.hub.closeStreams()
      await assigning.stop()
    })
  })
}
