import { Ajv, type ErrorObject } from 'ajv'
import { authFaults } from './auth-faults.js'
import { type Fault, keyPath, type Path, shown, valueAt } from './fault.js'
import { FORMATS } from './formats.js'
import { FileSchema, type FilledFile, type SchemaNode } from './schema.js'

const ajv = new Ajv({
  validateSchema: false, // a test does, so that the hub need not at each start
  strict: true,
  allErrors: true,
  verbose: true,
  useDefaults: true,
  ownProperties: true,
})
for (const [name, { validate }] of Object.entries(FORMATS)) ajv.addFormat(name, validate)
const isFilled = ajv.compile<FilledFile>(FileSchema)

/**
 * Checks a configuration and fills the defaults in, in place.
 *
 * @returns the same object, or all that is wrong with it, one fault for each place
 */
export function check(file: unknown): { filled: FilledFile } | { faults: Fault[] } {
  const fits = isFilled(file)
  const misfits = fits ? [] : onePerPlace((isFilled.errors ?? []).map(toFault))
  const faults = [
    ...misfits,
    ...halfOfPair(file),
    ...duplicateChannels(file),
    ...authFaults(file).filter(({ path }) => !misfits.some((fault) => isAbout(fault.path, path))),
  ]
  return fits && faults.length === 0 ? { filled: file } : { faults }
}

function toFault({ instancePath, keyword, params, parentSchema, data }: ErrorObject): Fault {
  const schema = parentSchema as SchemaNode
  const path = instancePath.split('/').slice(1).map(toKey)
  if (keyword === 'additionalProperties') {
    const known = keysOf(schema).filter((key) => key !== '$schema')
    const problem = `unknown key; known here: ${known.join(', ')}`
    return { path: [...path, params.additionalProperty], problem }
  }
  if (keyword === 'required') {
    const key: string = params.missingProperty
    const problem = `found nothing, wants ${wanted(schema.properties?.[key] ?? {})}`
    return { path: [...path, key], problem }
  }
  const found = schema.writeOnly ? 'something else' : shown(data)
  return { path, problem: `found ${found}, wants ${wanted(schema)}` }
}

/** Whether a place is one that a fault is at, or within it or around it. */
function isAbout(fault: Path, place: Path): boolean {
  return fault.every((step, index) => index >= place.length || step === place[index])
}

/** Reads a step of a JSON Pointer. */
function toKey(step: string): string | number {
  return /^\d+$/.test(step) ? Number(step) : step.replaceAll('~1', '/').replaceAll('~0', '~')
}

/**
 * Where a value may be of this kind or that, ajv has a fault for each kind, then one for all:
 * the last one counts. It does not where one deeper down says more exactly what is wrong.
 */
function onePerPlace(faults: readonly Fault[]): Fault[] {
  const byPlace = new Map<string, Fault>()
  const above = new Set<string>()
  for (const fault of faults) {
    const { path } = fault
    byPlace.set(keyPath(path), fault)
    for (let length = 0; length < path.length; length += 1)
      above.add(keyPath(path.slice(0, length)))
  }
  return [...byPlace].filter(([place]) => !above.has(place)).map(([, fault]) => fault)
}

/** Says what a schema wants, as in `a whole number from 0 to 65535`. */
function wanted(node: SchemaNode): string {
  if (node.anyOf) return node.anyOf.map(wanted).join(' or ')
  if (node.enum) return node.enum.map((value) => JSON.stringify(value)).join(' or ')
  if (node.const !== undefined) return JSON.stringify(node.const)
  switch (node.type) {
    case 'integer':
      return `a whole number from ${node.minimum} to ${node.maximum}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return `a list, each item ${wanted(node.items ?? {})}`
    case 'object':
      return 'an object'
    default:
      return wantedText(node)
  }
}

function wantedText({ format, minLength }: SchemaNode): string {
  if (format !== undefined && format in FORMATS)
    return FORMATS[format as keyof typeof FORMATS].wants
  return minLength ? 'a text that is not empty' : 'a text'
}

/** The keys of a schema that something reads. */
function keysOf({ properties = {} }: SchemaNode): string[] {
  return Object.keys(properties).filter((key) => !properties[key]?.deprecated)
}

/** Faults for a certificate without its key, and the other way round. */
function halfOfPair(file: unknown): Fault[] {
  const has = (key: string) => Boolean(valueAt(file, ['tls', key]))
  if (!['cert', 'key', 'passphrase'].some(has)) return []
  const files = { cert: "the hub's certificate", key: 'the private key of the certificate' }
  return Object.entries(files)
    .filter(([key]) => !has(key))
    .map(([key, holds]) => ({
      path: ['tls', key],
      problem: `found nothing, wants a file with ${holds}, in PEM`,
    }))
}

/** Faults for channels of a name that one before them has. */
function duplicateChannels(file: unknown): Fault[] {
  const faults: Fault[] = []
  const first = new Map<string, number>()
  for (const [index, channel] of channelsOf(file).entries()) {
    const name = valueAt(channel, ['path'])
    if (typeof name !== 'string' || !FORMATS.channel.validate(name)) continue
    const earlier = first.get(name)
    if (earlier === undefined) first.set(name, index)
    else
      faults.push({
        path: ['channels', index, 'path'],
        problem: `found ${shown(name)}, which is the name of channels[${earlier}], too; wants another`,
      })
  }
  return faults
}

function channelsOf(file: unknown): readonly unknown[] {
  const channels = valueAt(file, ['channels'])
  return Array.isArray(channels) ? channels : []
}
