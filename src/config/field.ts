import Type, { type TNumberOptions } from 'typebox'

// The kinds of values that the keys of a configuration have.

/** A whole number within limits, both included. */
export function whole(minimum: number, maximum: number, options: TNumberOptions) {
  return Type.Integer({ minimum, maximum, ...options })
}

/** True or false. */
export function flag(initial: boolean, description: string) {
  return Type.Boolean({ default: initial, description })
}

/** Any text. */
export function text(initial: string, description: string) {
  return Type.String({ default: initial, description })
}

/** An IP address or a host name. */
export function host(initial: string, description: string) {
  return Type.String({ format: 'host', default: initial, description })
}

/** A URL that may hold a password. */
export function secretUrl(format: string, description: string) {
  return Type.Optional(Type.String({ format, writeOnly: true, description }))
}

/** A file or a folder, if there is to be one. */
export function path(description: string) {
  return Type.Optional(Type.String({ minLength: 1, description }))
}

/** A key that the original's own files hold, and that nothing reads. [ssehub] */
export function neverRead(description: string) {
  return Type.Optional(Type.Unknown({ deprecated: true, description }))
}
