/**
 * Loaded into a hub before all else, by `NODE_OPTIONS`: its clock goes wrong by as many ms as a
 * file says, from each SIGUSR2 on.
 */
import { readFileSync } from 'node:fs'

const { SSEHUB_TEST_CLOCK: file = '' } = process.env
const { now } = Date
let shift = read()
Date.now = () => now() + shift
process.on('SIGUSR2', () => {
  shift = read()
})

function read(): number {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return 0 // nobody has set it yet
  }
}
