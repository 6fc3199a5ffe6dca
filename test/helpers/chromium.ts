import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const PLACES = [
  process.env.SSEHUB_TEST_CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Where a Chromium is; installs Debian's where this user may. Undefined if there is none. */
export function findChromium(): string | undefined {
  return installed() ?? install()
}

function installed(): string | undefined {
  return PLACES.find((place) => place !== '' && existsSync(place))
}

function install(): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', 'chromium']]) {
    execFileSync('/usr/bin/apt-get', args, { env, stdio: 'ignore' })
  }
  return installed()
}
