// How the C library keeps memory that was freed.
#ifndef QUANTD_BASE_HEAP_H_
#define QUANTD_BASE_HEAP_H_

namespace quantd {

// From now on every buffer of 256 KiB and more goes back to the system when it
// is freed. glibc would keep ever larger ones, so that weights that were packed
// and given up stay resident. Call it once, at the start of the program.
void ReturnLargeBuffers();

// Gives back what is free in the heap now: after a job. Takes milliseconds.
void TrimHeap();

}  // namespace quantd

#endif  // QUANTD_BASE_HEAP_H_
