import assert from 'node:assert/strict'
import { once } from 'node:events'
import { copyFile, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { connect as connectPlainly } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect, type TLSSocket } from 'node:tls'
import { resolveConfig } from '../../src/config/resolve.js'
import { createHub } from '../../src/hub.js'
import { readCredentials } from '../../src/tls/credentials.js'
import { type Certificate, makeAuthority, makeCertificate } from '../helpers/certificate.js'
import { cli } from '../helpers/cli.js'
import { makeFolderOfRun } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import { Http2Client } from '../helpers/http2-client.js'
import { type StartedHub, startHub } from '../helpers/hub.js'
import { hubOfBlock } from '../helpers/hub-of-block.js'
import { until } from '../helpers/until.js'

forWorkers('TLS', (startHub) => {
  let hub: StartedHub

  before(async () => {
    hub = await startHub({ default: { cacheLength: 1000 } }, await makeCertificate())
  })
  afterEach(() => hub.closeStreams())
  after(() => hub.hub.stop())

  const global = async () => (await hub.statsOnce()).global
  const hasClients = (count: number) => until(async () => (await global()).clients === count)

  it('has a stream begin and end whose client has ended its side', async () => {
    for (const more of ['', 'TE: trailers\r\n']) {
      const socket = hub.connect()
      socket.end(`GET /new HTTP/1.1\r\nHost: x\r\n${more}\r\n`)
      assert.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n:ok\n\n$/s)
    }
    const stream = await hub.subscribe('test')
    stream.socket.end()
    await stream.end()
    const gone = await hub.subscribe('test')
    gone.close()
    await hasClients(0)
  })

  it('lets go at once of who goes before the handshake is done', async () => {
    const { connections: before } = await global()
    for (let index = 0; index < 5; index += 1) {
      const socket = connectPlainly(hub.port, '127.0.0.1')
      await once(socket, 'connect')
      socket.destroy()
    }
    const started = performance.now()
    await until(async () => (await global()).connections === before)
    assert.ok(performance.now() - started < 8000) // a handshake may take 10 seconds
  })

  it('is of version 1.2 at least, and nobody without it is answered', async () => {
    const { port, ca } = hub
    const { router_read_errors: before } = await global()
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const ends = { minVersion: version, maxVersion: version }
      const socket = connect({ port, host: '127.0.0.1', ca, ...ends })
      await once(socket, 'secureConnect')
      socket.end() // to destroy it here would keep the last of its handshake back
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const
    await assert.rejects(once(connect({ port, host: '127.0.0.1', ca, ...old }), 'secureConnect'))
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`))
    await until(async () => (await global()).router_read_errors === before + 2)
  })

  it('holds little of a stream that is not read, and gives it all once it is', async () => {
    const [slow, quick] = [await hub.subscribe('slow'), await hub.subscribe('slow')]
    slow.socket.pause()
    for (let id = 1; id <= 300; id += 1) {
      await hub.publish('slow', { id, data: 'x'.repeat(20_000) })
    }
    await quick.count(300)
    slow.socket.resume()
    await slow.count(300)
    assert.deepEqual(slow.ids, quick.ids)
  })

  it('is what one port talks, by HTTP/2 and by HTTP/1.1, with each client as it wants', async () => {
    assert.match(hub.url, /^https:/)
    const stream = await hub.subscribe('test')
    const client = await Http2Client.connect(hub)
    const other = await client.subscribe('test')
    await hub.publish('test', { id: 1, data: 'x' })
    await stream.count(1)
    await other.count(1)
    assert.match(stream.head, /^HTTP\/1.1 200 OK/)
    await hasClients(2)
    client.close()
  })

  it('does not keep a hub from stopping that has clients which say nothing', async () => {
    const stream = await hub.subscribe('test')
    const socket = hub.connect() as TLSSocket
    const silent = connectPlainly(hub.port, '127.0.0.1')
    await Promise.all([once(socket, 'secureConnect'), once(silent, 'connect')])
    const started = performance.now()
    await hub.hub.stop()
    assert.ok(performance.now() - started < 8000) // a handshake may take 10 seconds
    await stream.end()
    assert.match(stream.body, /retry: \d+\n\n$/)
    socket.destroy()
    silent.destroy()
  })
})

forWorkers('the certificate', (_, workers) => {
  const folder = makeFolderOfRun()
  const files = (name: string) => ({
    cert: join(folder, name, 'tls.crt'),
    key: join(folder, name, 'tls.key'),
  })
  let one: Certificate
  let two: Certificate

  before(async () => {
    const authority = await makeAuthority()
    ;[one, two] = [await authority.issue('one'), await authority.issue('two')]
    for (const name of ['first', 'second']) await mkdir(join(folder, name))
    await copy(one, '.')
  })
  const settings = { server: { workers }, tls: files('.') }
  const own = hubOfBlock(settings, () => one)

  const copy = async ({ cert, key }: Certificate, name: string) => {
    await copyFile(cert, files(name).cert)
    await copyFile(key, files(name).key)
  }
  /** Who new connections are shown: all processes have some of them. */
  const shown = async () => {
    const { port, ca } = own.hub
    const sockets = Array.from({ length: 3 * workers }, () =>
      connect({ port, host: '127.0.0.1', ca }),
    )
    await Promise.all(sockets.map((socket) => once(socket, 'secureConnect')))
    const names = sockets.map((socket) => socket.getPeerCertificate().subject.CN)
    for (const socket of sockets) socket.destroy()
    return [...new Set(names)].join()
  }

  it('is another from when its files have changed, and open streams go on', async () => {
    const { hub } = own
    const client = await Http2Client.connect(hub)
    const streams = [await hub.subscribe('test'), await client.subscribe('test')]
    assert.equal(await shown(), 'one')
    await copy(two, '.')
    await until(async () => (await shown()) === 'two')
    await hub.publish('test', { data: 'x' })
    for (const stream of streams) await stream.count(1)
    await client.publish('test', { data: 'y' })
    for (const stream of streams) await stream.count(2)
    client.close()
  })

  it('is known to be another by a link that points elsewhere, as Kubernetes turns them', async () => {
    const next = join(folder, 'next')
    const link = async (target: string, name: string) => {
      await symlink(target, next)
      await rename(next, join(folder, name))
    }
    await copy(two, 'first')
    await copy(one, 'second')
    await link('first', 'data')
    for (const file of ['tls.crt', 'tls.key']) await link(join('data', file), file)
    assert.equal(await shown(), 'two')
    await link('second', 'data')
    await until(async () => (await shown()) === 'one')
  })

  it('stays where the new files are no good, and the hub says why', async () => {
    const { hub } = own
    await copyFile(two.cert, files('second').cert)
    hub.signalGroup('SIGHUP') // as a terminal does
    const reason = /stays.*tls\.key.*is not that of the certificate/
    await hub.logs(() => hub.log.some(({ msg }) => reason.test(`${msg}`)))
    assert.equal(await shown(), 'one')
    await copyFile(two.key, files('second').key)
    hub.signalGroup('SIGHUP')
    await until(async () => (await shown()) === 'two')
  })
})

describe('TLS', () => {
  it('shows the certificate that has come while the hub was starting', async () => {
    const authority = await makeAuthority()
    const [one, two] = [await authority.issue('one'), await authority.issue('two')]
    const next = await readCredentials({ ...two, passphrase: undefined })
    const server = { port: 0, 'bind-ip': '127.0.0.1' }
    const tls = { cert: one.cert, key: one.key }
    const hub = createHub(resolveConfig({ server, tls }, 'the test', { env: {} }).config)
    const starting = hub.start()
    hub.renew(next)
    const { port } = new URL(await starting)
    const ca = await readFile(authority.ca)
    const socket = connect({ port: Number(port), host: '127.0.0.1', ca })
    await once(socket, 'secureConnect')
    assert.equal(socket.getPeerCertificate().subject.CN, 'two')
    socket.destroy()
    await hub.stop()
  })

  it('that cannot be is told at the start: which key, which file, and what it wants', async () => {
    const folder = makeFolderOfRun()
    const authority = await makeAuthority()
    const { cert, key } = await authority.issue()
    const two = await authority.issue()
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
    const hub = await startHub({ tls: { cert: secret.cert, key: secret.key, passphrase: 'open' } })
    await hub.hub.stop()
    const config = join(folder, 'config.json')
    for (const workers of [1, 2]) {
      const tls = { cert, key: two.key }
      await writeFile(config, JSON.stringify({ tls, server: { port: 0, workers } }))
      const { code, stderr } = await cli(['serve', '--config', config])
      assert.deepEqual([code, stderr.match(/^ssehub: tls\.key/gm)?.length], [2, 1], stderr)
    }
  })
})
