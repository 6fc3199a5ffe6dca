import { findProgram } from './program.js'

/** Where a Chromium is; installs Debian's where this user may. Undefined if there is none. */
export function findChromium(): string | undefined {
  try {
    return findProgram({
      names: [
        'chromium',
        'chromium-browser',
        'google-chrome',
        '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      ],
      package: 'chromium',
      variable: 'SSEHUB_TEST_CHROMIUM',
    })
  } catch {
    return undefined
  }
}
