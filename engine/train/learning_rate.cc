#include "engine/train/learning_rate.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/train/solver_error.h"

namespace quantd {
namespace {

struct Policy {
  const char* name;
  bool uses_gamma;
  bool uses_power;
  bool uses_stepsize;
  // current_step has been brought up to date.
  double (*factor)(const caffe::SolverParameter& solver, int iter,
                   int current_step);
};

double Fixed(const caffe::SolverParameter&, int, int) { return 1; }

double Step(const caffe::SolverParameter& solver, int, int current_step) {
  return std::pow(static_cast<double>(solver.gamma()), current_step);
}

double Exp(const caffe::SolverParameter& solver, int iter, int) {
  return std::pow(static_cast<double>(solver.gamma()), iter);
}

double Inv(const caffe::SolverParameter& solver, int iter, int) {
  return std::pow(1 + static_cast<double>(solver.gamma()) * iter,
                  -static_cast<double>(solver.power()));
}

double Poly(const caffe::SolverParameter& solver, int iter, int) {
  return std::pow(1 - static_cast<double>(iter) / solver.max_iter(),
                  static_cast<double>(solver.power()));
}

double Sigmoid(const caffe::SolverParameter& solver, int iter, int) {
  return 1 / (1 + std::exp(-static_cast<double>(solver.gamma()) *
                           (static_cast<double>(iter) - solver.stepsize())));
}

constexpr Policy kPolicies[] = {
    {"exp", true, false, false, Exp},   {"fixed", false, false, false, Fixed},
    {"inv", true, true, false, Inv},    {"multistep", true, false, false, Step},
    {"poly", false, true, false, Poly}, {"sigmoid", true, false, true, Sigmoid},
    {"step", true, false, true, Step},
};

const Policy* FindPolicy(const std::string& name) {
  for (const Policy& policy : kPolicies) {
    if (name == policy.name) return &policy;
  }
  return nullptr;
}

std::string PolicyNames() {
  std::string names;
  for (const Policy& policy : kPolicies) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", policy.name);
  }
  return names;
}

void UpdateStep(const caffe::SolverParameter& solver, int iter,
                int* current_step) {
  if (solver.lr_policy() == "step") *current_step = iter / solver.stepsize();
  if (solver.lr_policy() != "multistep") return;
  if (*current_step < solver.stepvalue_size() &&
      iter >= solver.stepvalue(*current_step)) {
    ++*current_step;
  }
}

}  // namespace

absl::Status CheckLearningRate(const caffe::SolverParameter& solver) {
  const Policy* policy = FindPolicy(solver.lr_policy());
  if (policy == nullptr) {
    return SolverError("lr_policy",
                       absl::StrCat("is \"", solver.lr_policy(),
                                    "\"; give one of ", PolicyNames()));
  }
  if (!solver.has_base_lr() || !std::isfinite(solver.base_lr()) ||
      solver.base_lr() < 0) {
    return SolverError("base_lr", "must be a number from 0 on");
  }
  if (policy->uses_gamma &&
      !(solver.has_gamma() && std::isfinite(solver.gamma()) &&
        solver.gamma() >= 0)) {
    return SolverError("gamma",
                       absl::StrCat("must be a number from 0 on for lr_policy ",
                                    policy->name));
  }
  if (policy->uses_power && !std::isfinite(solver.power())) {
    return SolverError("power", "must be a finite number");
  }
  if (policy->uses_stepsize && solver.stepsize() <= 0) {
    return SolverError(
        "stepsize", absl::StrCat("must be > 0 for lr_policy ", policy->name));
  }
  for (int i = 1; i < solver.stepvalue_size(); ++i) {
    if (solver.stepvalue(i) < solver.stepvalue(i - 1)) {
      return SolverError("stepvalue", "must not decrease");
    }
  }
  return absl::OkStatus();
}

float LearningRate(const caffe::SolverParameter& solver, int iter,
                   int* current_step) {
  UpdateStep(solver, iter, current_step);
  const Policy* policy = FindPolicy(solver.lr_policy());
  return static_cast<float>(solver.base_lr() *
                            policy->factor(solver, iter, *current_step));
}

}  // namespace quantd
