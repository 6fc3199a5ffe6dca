import assert from 'node:assert/strict'
import { once } from 'node:events'
import { copyFile, mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { connect as connectPlainly } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect, type TLSSocket } from 'node:tls'
import { type Certificate, makeAuthority, makeCertificate } from '../helpers/certificate.js'
import { cli } from '../helpers/cli.js'
import { makeFolder } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import { Http2Client } from '../helpers/http2-client.js'
import { type RunningHub, startHub } from '../helpers/hub.js'
import { TestLog } from '../helpers/log.js'
import { until } from '../helpers/until.js'

/** Who a new connection is shown. */
async function shown({ port, ca }: RunningHub): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', ca })
  await once(socket, 'secureConnect')
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return subject.CN as string
}

forWorkers('a stream by TLS', (startHub) => {
  it('of a client that has ended its side begins, and ends', async () => {
    const hub = await startHub({}, await makeCertificate())
    for (const more of ['', 'TE: trailers\r\n']) {
      const socket = hub.connect()
      socket.end(`GET /new HTTP/1.1\r\nHost: x\r\n${more}\r\n`)
      assert.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n:ok\n\n$/s)
    }
    await until(async () => (await hub.stats()).global.clients === 0)
    await hub.hub.stop()
  })
})

describe('TLS', () => {
  let authority: Awaited<ReturnType<typeof makeAuthority>>
  let one: Certificate
  let two: Certificate
  let hub: RunningHub | undefined
  let folder: string
  let clean: () => Promise<void>

  before(async () => {
    authority = await makeAuthority()
    one = await authority.issue('one')
    two = await authority.issue('two')
  })

  beforeEach(async () => {
    ;({ folder, clean } = await makeFolder())
  })

  afterEach(async () => {
    hub?.closeStreams()
    await hub?.hub.stop()
    hub = undefined
    await clean()
  })

  it('is what one port talks, by HTTP/2 and by HTTP/1.1, with each client as it wants', async () => {
    hub = await startHub({}, {}, one)
    assert.match(hub.url, /^https:/)
    const stream = await hub.subscribe('test')
    const client = await Http2Client.connect(hub)
    const other = await client.subscribe('test')
    await hub.publish('test', { id: 1, data: 'x' })
    await stream.count(1)
    await other.count(1)
    assert.match(stream.head, /^HTTP\/1.1 200 OK/)
    const { global } = await hub.stats()
    assert.equal(global.clients, 2)
    await hub.hub.stop()
    await stream.end()
    assert.match(stream.body, /retry: \d+\n\n$/)
    client.close()
  })

  it('is of version 1.2 at least, and nobody without it is answered', async () => {
    hub = await startHub({}, {}, one)
    const { port, ca } = hub
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const ends = { minVersion: version, maxVersion: version }
      const socket = connect({ port, host: '127.0.0.1', ca, ...ends })
      await once(socket, 'secureConnect')
      socket.destroy()
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const
    await assert.rejects(once(connect({ port, host: '127.0.0.1', ca, ...old }), 'secureConnect'))
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`))
    await until(() => hub?.hub.stats().global.router_read_errors === 2)
  })

  it('holds little of a stream that is not read, and gives it all once it is', async () => {
    hub = await startHub({ default: { cacheLength: 1000 } }, {}, one)
    const [slow, quick] = [await hub.subscribe('test'), await hub.subscribe('test')]
    slow.socket.pause()
    for (let id = 1; id <= 300; id += 1) {
      await hub.hub.publish('test', { id, data: 'x'.repeat(20_000) })
    }
    await quick.count(300)
    slow.socket.resume()
    await slow.count(300)
    assert.deepEqual(slow.ids, quick.ids)
  })

  it('ends a stream when its client has ended its side, and counts it', async () => {
    hub = await startHub({}, {}, one)
    const stream = await hub.subscribe('test')
    stream.socket.end()
    await stream.end()
    const gone = await hub.subscribe('test')
    gone.close()
    await until(() => hub?.hub.stats().global.clients === 0)
  })

  it('shows a new certificate from when its files have changed, and open streams go on', async () => {
    const { cert, key } = await filesOf(one)
    const { logger } = new TestLog()
    hub = await startHub({}, { logger }, { ca: one.ca, cert, key })
    const client = await Http2Client.connect(hub)
    const streams = [await hub.subscribe('test'), await client.subscribe('test')]
    assert.equal(await shown(hub), 'one')
    await copyFile(two.cert, cert)
    await copyFile(two.key, key)
    await until(async () => (await shown(hub as RunningHub)) === 'two')
    await hub.publish('test', { data: 'x' })
    for (const stream of streams) await stream.count(1)
    await client.publish('test', { data: 'y' })
    for (const stream of streams) await stream.count(2)
    client.close()
  })

  it('is told of a link that points elsewhere, as Kubernetes turns them', async () => {
    await filesOf(one, 'first')
    await filesOf(two, 'second')
    await symlink('first', join(folder, 'data'))
    for (const file of ['tls.crt', 'tls.key']) {
      await symlink(join('data', file), join(folder, file))
    }
    const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]
    hub = await startHub({}, {}, { ca: one.ca, cert, key })
    assert.equal(await shown(hub), 'one')
    await symlink('second', join(folder, 'next'))
    await rename(join(folder, 'next'), join(folder, 'data'))
    await until(async () => (await shown(hub as RunningHub)) === 'two')
  })

  it('stays as it is where the new files are no good, and says why', async () => {
    const { cert, key } = await filesOf(one)
    const log = new TestLog()
    hub = await startHub({}, { logger: log.logger }, { ca: one.ca, cert, key })
    await copyFile(two.cert, cert)
    await hub.hub.reload()
    assert.match(log.warnings.at(-1) ?? '', /stays.*tls\.key.*is not that of the certificate/)
    assert.equal(await shown(hub), 'one')
    await copyFile(two.key, key)
    await hub.hub.reload()
    assert.equal(await shown(hub), 'two')
  })

  it('that cannot be is told at the start: which key, which file, and what it wants', async () => {
    const { cert, key } = await filesOf(one)
    const secret = await authority.issue('secret', '-passout', 'pass:open')
    const none = join(folder, 'none.pem')
    for (const [tls, message] of [
      [{ cert: none, key }, /tls\.cert: cannot read .*none\.pem.*ENOENT/],
      [{ cert, key: none }, /tls\.key: cannot read .*none\.pem/],
      [{ cert: key, key }, /tls\.cert: .* does not begin with a certificate in PEM/],
      [{ cert, key: cert }, /tls\.key: .* holds no private key in PEM/],
      [{ cert, key: two.key }, /tls\.key: .* is not that of the certificate in .*\(tls\.cert\)/],
      [{ cert: secret.cert, key: secret.key }, /tls\.key: .* is encrypted; set tls\.passphrase/],
      [
        { cert: secret.cert, key: secret.key, passphrase: 'x' },
        /tls\.key: tls\.passphrase does not open/,
      ],
    ] as const) {
      await assert.rejects(startHub({ tls }), { code: 'INVALID_CONFIG', message })
    }
    hub = await startHub({ tls: { cert: secret.cert, key: secret.key, passphrase: 'open' } })
    const config = join(folder, 'config.json')
    for (const workers of [1, 2]) {
      const tls = { cert, key: two.key }
      await writeFile(config, JSON.stringify({ tls, server: { port: 0, workers } }))
      const { code, stderr } = await cli(['serve', '--config', config])
      assert.deepEqual([code, stderr.match(/^ssehub: tls\.key/gm)?.length], [2, 1], stderr)
    }
  })

  it('does not keep a hub from stopping that has clients which say nothing', async () => {
    hub = await startHub({}, {}, one)
    const socket = hub.connect() as TLSSocket
    const silent = connectPlainly(hub.port, '127.0.0.1')
    await Promise.all([once(socket, 'secureConnect'), once(silent, 'connect')])
    const started = performance.now()
    await hub.hub.stop()
    assert.ok(performance.now() - started < 3000)
    socket.destroy()
    silent.destroy()
  })

  /** The files of a certificate, to be changed. */
  async function filesOf({ cert, key }: Certificate, name = 'server') {
    await mkdir(join(folder, name), { recursive: true })
    const copies = {
      cert: join(folder, name, 'tls.crt'),
      key: join(folder, name, 'tls.key'),
    }
    await copyFile(cert, copies.cert)
    await copyFile(key, copies.key)
    return copies
  }
})
