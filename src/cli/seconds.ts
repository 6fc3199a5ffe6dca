import { Errors, Flags } from '@oclif/core'

/** The longest time that a timer takes. */
const MAX_SECONDS = 2_147_483

/** A flag for a time in seconds, parts of one allowed. */
export const seconds = Flags.custom<number>({
  helpValue: 'SECONDS',
  parse: async (input) => {
    const value = Number(input)
    if (input.trim() !== '' && value > 0 && value <= MAX_SECONDS) return value
    throw new Errors.CLIError(
      `expected seconds, above 0 and up to ${MAX_SECONDS}; found ${JSON.stringify(input)}`,
    )
  },
})
