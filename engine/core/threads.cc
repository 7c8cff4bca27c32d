#include "engine/core/threads.h"

#include <omp.h>

namespace quantd {

void SetNumThreads(int num_threads) {
  omp_set_num_threads(num_threads > 0 ? num_threads : omp_get_num_procs());
}

int NumThreads() { return omp_get_max_threads(); }

}  // namespace quantd
