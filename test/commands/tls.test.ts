import assert from 'node:assert/strict'
import { type Certificate, makeCertificate } from '../helpers/certificate.js'
import { cli } from '../helpers/cli.js'
import { type RunningHub, startHub } from '../helpers/hub.js'

describe('the commands and a hub behind https', function () {
  this.timeout(60_000)
  let certificate: Certificate
  let hub: RunningHub

  before(async () => {
    certificate = await makeCertificate()
    hub = await startHub({}, {}, certificate)
    await hub.publish('test', { id: 1, data: 'one' })
  })
  after(() => hub.hub.stop())

  const commands = () => [
    ['publish', 'test', 'two', '--id', '2', '--url', hub.url],
    ['tail', 'test', '--all', '--count', '1', '--url', hub.url],
    ['stats', '--url', hub.url],
    ['cache', 'dump', 'test', '--url', hub.url],
  ]

  it('trust it by --ca, by SSEHUB_CA and by what Node trusts', async () => {
    for (const args of commands()) {
      const { code, stderr } = await cli([...args, '--ca', certificate.ca])
      assert.equal(code, 0, stderr)
    }
    for (const name of ['SSEHUB_CA', 'NODE_EXTRA_CA_CERTS']) {
      const { code } = await cli(commands()[2] ?? [], { env: { [name]: certificate.ca } })
      assert.equal(code, 0, name)
    }
  })

  it('do not trust it otherwise, and say what to do', async () => {
    const [publish = []] = commands()
    const untrusted = await cli(publish)
    assert.equal(untrusted.code, 4)
    assert.match(untrusted.stderr, /certificate .* is not trusted .*--ca/)
    const missing = await cli([...publish, '--ca', 'no-such-file'])
    assert.equal(missing.code, 2)
    assert.match(missing.stderr, /--ca: cannot read no-such-file/)
  })
})
