import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/** A program that tests run, and where it comes from. */
export interface Program {
  /** Its names, best first; one with slashes is the whole path. */
  readonly names: readonly string[]
  /** The Debian package that has it. */
  readonly package: string
  /** The variable by which a user names another one. */
  readonly variable: string
  /** Folders to look in before those of PATH. */
  readonly folders?: readonly string[]
}

/**
 * Sees to it before the first test, if tests run, that a program is there, so that no test's time
 * goes into installing it.
 *
 * @returns what tells where it is; it throws where there is none
 */
export function needProgram(program: Program): () => string {
  if ('before' in globalThis) {
    before(function () {
      this.timeout(600_000)
      if (!installed(program)) install(program.package)
    })
  }
  return () => findProgram(program)
}

/**
 * Where a program is.
 *
 * @throws saying what to do if it is not here and this user cannot install Debian's
 */
export function findProgram(program: Program): string {
  const path = installed(program)
  if (path) return path
  const fault = install(program.package)
  const found = installed(program)
  if (found) return found
  const { names, package: name, variable } = program
  throw new Error(
    `there is no ${names[0]} here, and ${fault}: install Debian's ${name}, or name one in ${variable}`,
  )
}

function installed({ names, variable, folders = [] }: Program): string | undefined {
  const named = process.env[variable]
  if (named) return named
  const inPath = (process.env.PATH ?? '').split(delimiter).filter(isAbsolute)
  return names
    .flatMap((name) =>
      isAbsolute(name)
        ? [name]
        : [...folders, ...inPath, '/usr/sbin'].map((folder) => join(folder, name)),
    )
    .find((path) => existsSync(path))
}

/** What was tried, and why it failed; undefined where it did not. */
const attempts = new Map<string, string | undefined>()

const APT = '/usr/bin/apt-get'

/** Installs a Debian package, once; says why that cannot be done. */
function install(name: string): string | undefined {
  if (!attempts.has(name)) attempts.set(name, tryInstall(name))
  return attempts.get(name)
}

function tryInstall(name: string): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync(APT)) return 'this user cannot install it'
  try {
    withoutServices(() => {
      apt('update')
      apt('install', '--yes', '--no-install-recommends', name)
    })
    return undefined
  } catch (error) {
    const { message, stderr = '' } = error as Error & { stderr?: string }
    return `apt-get failed (${stderr.trim().split('\n').at(-1) || message})`
  }
}

function apt(...args: string[]): void {
  execFileSync(APT, ['--option', 'DPkg::Lock::Timeout=300', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
}

const POLICY = '/usr/sbin/policy-rc.d'

/** Debian starts a service when it is installed, unless this script says no. */
function withoutServices(act: () => void): void {
  const isOurs = !existsSync(POLICY)
  if (isOurs) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    act()
  } finally {
    if (isOurs) rmSync(POLICY)
  }
}
