import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { makeAuthority } from '../helpers/certificate.js'
import { makeFolder } from '../helpers/folder.js'
import { Http2Client } from '../helpers/http2-client.js'
import { ServedHub } from '../helpers/served-hub.js'
import { until } from '../helpers/until.js'

describe('a hub with workers that talks TLS', function () {
  this.timeout(60_000)

  it('is one hub by both protocols, and shows a new certificate in all workers', async () => {
    const { folder, clean } = await makeFolder()
    const authority = await makeAuthority()
    const [one, two] = [await authority.issue('one'), await authority.issue('two')]
    const tls = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
    await copyFile(one.cert, tls.cert)
    await copyFile(one.key, tls.key)
    const ca = readFileSync(authority.ca, 'utf8')
    const hub = await ServedHub.startWith({ server: { workers: 2 }, tls }, folder, [], ca)
    assert.match(hub.url, /^https:/)
    await hub.logs(() => hub.workers.filter(Boolean).length === 2)

    const streams = await Promise.all([1, 2, 3, 4].map(() => hub.subscribe('test')))
    const clients = await Promise.all([1, 2, 3, 4].map(() => Http2Client.connect(hub)))
    const others = await Promise.all(clients.map((client) => client.subscribe('test')))
    await hub.publish('test', { id: 1, data: 'x' })
    for (const stream of [...streams, ...others]) await stream.count(1)
    assert.equal((await hub.stats()).global.clients, 8)

    await copyFile(two.cert, tls.cert)
    await copyFile(two.key, tls.key)
    hub.signalGroup('SIGHUP') // as a terminal does
    const shown = async () => {
      const socket = connect({ port: hub.port, host: '127.0.0.1', ca })
      await once(socket, 'secureConnect')
      const { subject } = socket.getPeerCertificate()
      socket.destroy()
      return subject.CN
    }
    await until(async () => {
      const names = [await shown(), await shown(), await shown(), await shown()]
      return names.every((name) => name === 'two')
    })
    await clients[0]?.publish('test', { id: 2, data: 'y' })
    for (const stream of [...streams, ...others]) await stream.count(2)

    for (const client of clients.slice(1)) client.close()
    await until(async () => (await hub.stats()).global.clients === 5)
    hub.signal('SIGTERM')
    for (const stream of [...streams, ...others.slice(0, 1)]) {
      await until(() => /retry: \d+\n\n$/.test(stream.body))
    }
    assert.equal(await hub.exit(), 0)
    clients[0]?.close()
    await clean()
  })
})
