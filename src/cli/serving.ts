/** What `serve` needs and no other command does: loaded when a hub is to run. */
export { loadConfig } from '../config/load.js'
export { createHub } from '../hub.js'
export { createLogger } from '../log/logger.js'
export { Primary } from '../workers/primary.js'
