// Times of short work on a machine that others use too.
#ifndef QUANTD_TESTS_BENCH_STOPWATCH_H_
#define QUANTD_TESTS_BENCH_STOPWATCH_H_

#include <time.h>

#include <algorithm>
#include <vector>

namespace quantd::testing {

// Milliseconds of the calling thread's CPU, which others' load hardly touches;
// or of the wall clock, where work runs on several threads.
inline double NowMs(bool thread_cpu) {
  timespec now;
  clock_gettime(thread_cpu ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return 1e3 * static_cast<double>(now.tv_sec) +
         1e-6 * static_cast<double>(now.tv_nsec);
}

// The times of one kind of work.
struct Times {
  std::vector<double> ms;

  double Min() const { return *std::min_element(ms.begin(), ms.end()); }
  double Median() const {
    std::vector<double> sorted = ms;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

}  // namespace quantd::testing

#endif  // QUANTD_TESTS_BENCH_STOPWATCH_H_
