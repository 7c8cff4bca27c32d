// quantctl without a server, and the data for digits that it runs on.
#ifndef QUANTD_TESTS_TESTING_LOCAL_QUANTCTL_H_
#define QUANTD_TESTS_TESTING_LOCAL_QUANTCTL_H_

#include <string>
#include <vector>

#include "tests/testing/subprocess.h"

namespace quantd::testing {

// `quantctl --local --quiet WORDS...`, for at most three minutes. The test's
// data needs //client/cli:quantctl, //server:quantd and
// //server/worker:quant_worker.
RunResult LocalQuantctl(const std::vector<std::string>& words);

// A file or LMDB of tests/data/digits, as "digitnet.caffemodel". The test's
// data needs //tests/data:digitnet or //tests/data:lenet.
std::string DigitsFile(const std::string& name);

}  // namespace quantd::testing

#endif  // QUANTD_TESTS_TESTING_LOCAL_QUANTCTL_H_
