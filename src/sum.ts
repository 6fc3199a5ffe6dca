/** Adds counts to others, in place. */
export function add<T extends object>(sums: T, more: T): void {
  for (const [name, count] of Object.entries(more)) {
    const key = name as keyof T
    sums[key] = ((sums[key] as number) + count) as T[keyof T]
  }
}

/** What numbers are together. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
