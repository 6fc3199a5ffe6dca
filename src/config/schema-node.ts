import { FORMATS } from './formats.js'

/** The parts of a JSON Schema that this folder works with. */
export interface SchemaNode {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly SchemaNode[]
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly format?: string
  readonly description?: string
  /** Nothing reads it. */
  readonly deprecated?: boolean
  /** It is secret: never to be shown. */
  readonly writeOnly?: boolean
}

/** Says what a schema wants, as in `a whole number from 0 to 65535`. */
export function wanted(node: SchemaNode): string {
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
export function keysOf({ properties = {} }: SchemaNode): string[] {
  return Object.keys(properties).filter((key) => !properties[key]?.deprecated)
}
