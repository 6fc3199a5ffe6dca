import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { startHub } from '../helpers/hub.js'
import { describeInput } from './contract.js'

/** As it is: fetch would take dots out of a path. */
async function post(port: number, channel: string, body: string | Buffer): Promise<number> {
  const path = `/${encodeURIComponent(channel)}`
  const headers = { 'Content-Length': Buffer.byteLength(body) }
  const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers }).end(body)
  sent.on('error', () => {}) // a body that is too large is not read to its end
  const answer = await new Promise<IncomingMessage>((resolve) => sent.once('response', resolve))
  await once(answer.resume(), 'end')
  return answer.statusCode ?? 0
}

describeInput({
  name: 'HTTP POST',
  start: async (settings) => {
    const hub = await startHub({ ...settings })
    return {
      hub,
      send: async (channel, body) => (await post(hub.port, channel, body)) === 200,
      stop: () => hub.hub.stop(),
    }
  },
})
