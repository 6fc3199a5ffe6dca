#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'

try {
  userInfo()
} catch {
  // A user who is not in /etc/passwd, as in containers: what oclif would look up there.
  process.env.HOME ||= '/'
  process.env.SHELL ||= '/bin/sh'
}

if (existsSync(new URL('../dist/commands', import.meta.url))) {
  // Not oclif's execute(), which ends a hub 10 s after whoever read its output has gone.
  const { handle, run } = await import('@oclif/core')
  const { tellMisuse } = await import('../dist/src/cli/tell.js')
  await run(undefined, import.meta.url).catch((error) => tellMisuse(error) || handle(error))
} else {
  process.stderr.write('ssehub: this checkout is not built yet; run `npm run build` in it\n')
  process.exitCode = 2
}
