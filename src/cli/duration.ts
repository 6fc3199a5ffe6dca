import { Errors, Flags } from '@oclif/core'

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** A flag for a time as in `90s`, `10m`, `1h`, `7d`, in seconds; `never` is infinite. */
export const duration = Flags.custom<number>({
  helpValue: 'TIME',
  parse: async (input) => {
    if (input === 'never') return Number.POSITIVE_INFINITY
    const [, count, unit] = /^([1-9]\d{0,8})([smhd])$/.exec(input) ?? []
    if (count && unit) return Number(count) * SECONDS[unit as keyof typeof SECONDS]
    throw new Errors.CLIError(
      `expected a time like 90s, 10m, 1h, 7d, or never; found ${JSON.stringify(input)}`,
    )
  },
})
