import { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** Ms after the last test in which all that tests opened has to be closed. */
const GRACE = 30_000

/** Ms between two looks. */
const PERIOD = 100

/** What there is anyhow: mocha's clock for the hook that waits, and stdout and stderr. */
const OURS = [
  'Timeout',
  ...[process.stdout, process.stderr].flatMap((stream) =>
    '_handle' in stream ? [`${(stream._handle as object).constructor.name}Wrap`] : [],
  ),
]

/**
 * Resolves when nothing that tests opened keeps this process running any more.
 *
 * @throws naming what still does after 30 seconds
 */
export async function allClosed(): Promise<void> {
  for (let waited = 0; waited < GRACE; waited += PERIOD) {
    await setTimeout(PERIOD)
    if (left().length === 0) return
  }
  const open = [...left(), ...sockets()].join(', ')
  throw new Error(`the tests are done, but this is left open: ${open}`)
}

function left(): string[] {
  const kinds = process.getActiveResourcesInfo()
  for (const kind of OURS) {
    const index = kinds.indexOf(kind)
    if (index >= 0) kinds.splice(index, 1)
  }
  return kinds
}

/** Where the sockets lead that are open; all but their number is told by no public function. */
function sockets(): string[] {
  const { _getActiveHandles } = process as unknown as { _getActiveHandles(): unknown[] }
  return _getActiveHandles
    .call(process)
    .filter((handle) => handle instanceof Socket)
    .map(({ localPort, remotePort, destroyed, readyState, bytesRead, bytesWritten }) =>
      JSON.stringify({ localPort, remotePort, destroyed, readyState, bytesRead, bytesWritten }),
    )
}
