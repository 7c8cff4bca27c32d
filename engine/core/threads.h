// How many threads the engine computes with.
#ifndef QUANTD_ENGINE_CORE_THREADS_H_
#define QUANTD_ENGINE_CORE_THREADS_H_

namespace quantd {

// Threads of the parallel regions that the calling thread starts from now on
// (ours and oneDNN's, both OpenMP). 0 or less: one per core of the process's
// affinity mask, which is also the default unless OMP_NUM_THREADS says
// otherwise. Results do not depend on it beyond float rounding.
void SetNumThreads(int num_threads);

int NumThreads();

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_THREADS_H_
