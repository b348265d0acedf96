/** Notices what makes offsets useless: events that begin below what was asked for, and events without any. */
export class OffsetWatch {
  /** Events dropped as repeats since the last one that was taken. */
  repeated_in_row = 0
  /** Events taken since the last one whose offset can be used. */
  without_offset = 0
  /** Where the last opening began when that is below what was asked for, and nothing above that has come since; else -1. */
  began_below = -1
  /** The offset that the last connection was opened at, -1 for none. */
  asked = -1
  private is_first = false

  /** A connection begins; its first events have to be those behind `asked`. */
  begin(asked: number): void {
    this.asked = asked
    this.is_first = true
  }

  /** An event with an offset that can be used. */
  saw(offset: number, is_repeat: boolean): void {
    this.without_offset = 0
    if (this.is_first) {
      this.is_first = false
      this.began_below = offset < this.asked ? offset : -1
    } else if (offset > this.asked) this.began_below = -1
    this.repeated_in_row = is_repeat ? this.repeated_in_row + 1 : 0
  }
}
