#!/usr/bin/env node
import { userInfo } from 'node:os'

try {
  userInfo()
} catch {
  // A user who is not in /etc/passwd, as in containers: what oclif would look up there.
  process.env.HOME ||= '/'
  process.env.SHELL ||= '/bin/sh'
}

const { execute } = await import('@oclif/core')
await execute({ dir: import.meta.url })
