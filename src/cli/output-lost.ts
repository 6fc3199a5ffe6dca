import type { Hook } from '@oclif/core'
import { reasonOf } from '../errors.js'
import { EXIT } from './exit-code.js'

/**
 * Sees to what becomes of output that cannot be written; oclif calls it before any command. That
 * nobody reads it any more is nobody's fault; else, as on a full disk, it is told once, and the
 * command has failed, whatever else it does.
 */
export const outputLost: Hook<'init'> = async ({ config }) => {
  let isTold = false
  process.stdout.removeAllListeners('error') // oclif's own, which throws
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || isTold) return
    isTold = true
    process.exitCode ||= EXIT.failed
    process.stderr.write(`${config.bin}: cannot write to standard output (${reasonOf(error)})\n`)
  })
  process.stderr.on('error', () => {}) // nobody is there to be told
}
