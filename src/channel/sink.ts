/** Where a subscriber's bytes go: a socket, as the channel sees it. */
export interface Sink {
  /** Hands bytes over, which are shared and must not be changed. */
  write(bytes: Buffer): void
  /** Whether there are bytes handed over that the network has not taken. */
  readonly isPending: boolean
  /** Calls back once, when the network has taken everything. */
  onDrain(callback: () => void): void
  /** Writes last bytes, then ends the stream. */
  end(bytes: Buffer): void
  /** Ends the stream at once. */
  destroy(): void
}
