import type { Link } from './link.js'
import type { ToPrimary, ToWorker } from './protocol.js'

/** The primary's end of the link to a worker. */
export type Downlink = Link<ToPrimary, ToWorker>
