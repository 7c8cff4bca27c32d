// The runners of golden cases of AMCT's library, by family: each runs the
// case's inputs through our functions and compares.
#ifndef QUANTD_TESTS_GOLDEN_AMCT_FAMILIES_H_
#define QUANTD_TESTS_GOLDEN_AMCT_FAMILIES_H_

#include "absl/status/status.h"
#include "tests/golden/amct_cases_input.h"

namespace quantd {

// amct_weight_cases.cc
absl::Status RunArq(const AmctCase& golden);
absl::Status RunArqRetrain(const AmctCase& golden);
absl::Status RunProcessScale(const AmctCase& golden);
absl::Status RunQuantReal(const AmctCase& golden);

// amct_activation_cases.cc
absl::Status RunIfmr(const AmctCase& golden);
absl::Status RunQuantLayer(const AmctCase& golden);

// amct_dequant_cases.cc
absl::Status RunDequantShift(const AmctCase& golden);
absl::Status RunSearchN(const AmctCase& golden);
absl::Status RunSearchNV2(const AmctCase& golden);

// amct_dmq_cases.cc
absl::Status RunDmqBalance(const AmctCase& golden);

// amct_hfmg_cases.cc
absl::Status RunHfmg(const AmctCase& golden);

// amct_retrain_cases.cc
absl::Status RunActivationQat(const AmctCase& golden);
absl::Status RunWeightUlq(const AmctCase& golden);
absl::Status RunUlq(const AmctCase& golden);

// amct_snq_cases.cc
absl::Status RunSnqBounds(const AmctCase& golden);

}  // namespace quantd

#endif  // QUANTD_TESTS_GOLDEN_AMCT_FAMILIES_H_
