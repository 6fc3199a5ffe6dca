import { Chalk, type ChalkInstance, type ColorSupportLevel, supportsColor } from 'chalk'

/** How much colour to print: none into a pipe, or where `NO_COLOR` is set. */
export function colourLevel(
  isTerminal: boolean,
  noColour: string | undefined,
  supported: ColorSupportLevel,
): ColorSupportLevel {
  return isTerminal && !noColour ? supported : 0
}

/** Colours for standard output; chalk itself pays no heed to `NO_COLOR`. */
export const colour: ChalkInstance = new Chalk({
  level: colourLevel(
    process.stdout.isTTY === true,
    process.env.NO_COLOR,
    supportsColor ? supportsColor.level : 0,
  ),
})
