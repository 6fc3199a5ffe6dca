import type { Key } from './key.js'

/** Where the keys are from that tokens are verified with. */
export interface KeySource {
  /**
   * The keys as they are known now; another array when they have changed.
   *
   * @throws {HubError} `KEYS_UNAVAILABLE` if there have been none yet
   */
  keys(): Promise<readonly Key[]>
  /** Looks for others, as none of those fits; never throws. */
  renew(): Promise<void>
}
