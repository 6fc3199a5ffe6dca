import { readFileSync } from 'node:fs'
import type { Certificate } from './certificate.js'
import { makeFolderOfRun } from './folder.js'
import { endWithRun } from './process.js'
import { ServedHub } from './served-hub.js'

/**
 * Has `ssehub serve` run one hub for all tests of a block, which can read all that it logs. To be
 * called where the block is described.
 *
 * @param certificate made before the block begins, with which it talks TLS
 * @returns the hub that there is at the time
 */
export function hubOfBlock(
  settings: object,
  certificate?: () => Certificate,
): { readonly hub: ServedHub } {
  const own = { hub: undefined as unknown as ServedHub }
  before(async () => {
    const { ca, cert, key } = certificate?.() ?? {}
    const all = { ...(cert && { tls: { cert, key } }), ...settings }
    const trusted = ca && readFileSync(ca, 'utf8')
    const args = ['--log-level', 'debug']
    own.hub = await ServedHub.startWith(all, makeFolderOfRun(), args, trusted, {}, endWithRun)
  })
  afterEach(() => own.hub.closeStreams())
  after(() => own.hub.kill())
  return own
}
