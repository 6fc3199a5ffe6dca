import type { Suite } from 'mocha'
import type { Certificate } from './certificate.js'
import { type StartedHub, startHubOf } from './hub.js'

/** What all that clients see of a hub has to hold with. */
const WORKERS = [1, 3]

/** Starts a hub with as many workers as it is to be tried with. */
type Start = (
  settings?: Parameters<typeof startHubOf>[1],
  certificate?: Certificate,
) => Promise<StartedHub>

/** Describes a hub that is one process, and one with workers: nobody is to see a difference. */
export function forWorkers(
  title: string,
  spec: (this: Suite, startHub: Start, workers: number) => void,
): void {
  for (const workers of WORKERS) {
    describe(workers === 1 ? title : `${title}, with ${workers} workers`, function () {
      spec.call(this, (settings, by) => startHubOf(workers, settings, by), workers)
    })
  }
}
