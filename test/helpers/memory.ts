import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Takes all garbage out. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

/** Bytes of buffers that are in use, garbage left out. */
export function bufferBytes(): number {
  collectGarbage()
  collectGarbage() // buffers are let go of beside; this waits for that
  return process.memoryUsage().arrayBuffers
}
