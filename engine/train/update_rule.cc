#include "engine/train/update_rule.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "engine/train/solver_error.h"

namespace quantd {
namespace {

float Sign(float value) {
  return static_cast<float>((value > 0) - (value < 0));
}

// Runs `step(gradient, i)`, which gives what to subtract, over all elements.
template <typename Step>
void ForEach(const BlobUpdate& update, Step step) {
  float* value = update.value.data();
  float* diff = update.diff.data();
  const float factor = update.diff_factor;
  const float l2 = update.l1 ? 0 : update.decay;
  const float l1 = update.l1 ? update.decay : 0;
  const auto n = static_cast<int64_t>(update.value.size());
#pragma omp parallel for simd
  for (int64_t i = 0; i < n; ++i) {
    const float gradient =
        diff[i] * factor + l2 * value[i] + l1 * Sign(value[i]);
    diff[i] = step(gradient, i);
    value[i] -= diff[i];
  }
}

void Sgd(const caffe::SolverParameter& solver, const BlobUpdate& update) {
  const float momentum = solver.momentum();
  const float rate = update.rate;
  float* h = update.history;
  ForEach(update, [=](float g, int64_t i) {
    h[i] = rate * g + momentum * h[i];
    return h[i];
  });
}

void Nesterov(const caffe::SolverParameter& solver, const BlobUpdate& update) {
  const float momentum = solver.momentum();
  const float rate = update.rate;
  float* h = update.history;
  ForEach(update, [=](float g, int64_t i) {
    const float before = h[i];
    h[i] = rate * g + momentum * before;
    return (1 + momentum) * h[i] - momentum * before;
  });
}

void AdaGrad(const caffe::SolverParameter& solver, const BlobUpdate& update) {
  const float delta = solver.delta();
  const float rate = update.rate;
  float* h = update.history;
  ForEach(update, [=](float g, int64_t i) {
    h[i] += g * g;
    return rate * (g / (std::sqrt(h[i]) + delta));
  });
}

void RmsProp(const caffe::SolverParameter& solver, const BlobUpdate& update) {
  const float delta = solver.delta();
  const float decay = solver.rms_decay();
  const float rate = update.rate;
  float* h = update.history;
  ForEach(update, [=](float g, int64_t i) {
    h[i] = (1 - decay) * (g * g) + decay * h[i];
    return rate * (g / (std::sqrt(h[i]) + delta));
  });
}

void AdaDelta(const caffe::SolverParameter& solver, const BlobUpdate& update) {
  const float delta = solver.delta();
  const float momentum = solver.momentum();
  const float rate = update.rate;
  float* h1 = update.history;
  float* h2 = update.history2;
  ForEach(update, [=](float g, int64_t i) {
    h1[i] = (1 - momentum) * (g * g) + momentum * h1[i];
    const float u = g * std::sqrt((h2[i] + delta) / (h1[i] + delta));
    h2[i] = (1 - momentum) * (u * u) + momentum * h2[i];
    return rate * u;
  });
}

void Adam(const caffe::SolverParameter& solver, const BlobUpdate& update) {
  const float beta1 = solver.momentum();
  const float beta2 = solver.momentum2();
  const float delta = solver.delta();
  const int t = update.iter + 1;
  const auto correction =
      static_cast<float>(std::sqrt(1 - std::pow(double{beta2}, t)) /
                         (1 - std::pow(double{beta1}, t)));
  const float rate = update.rate * correction;
  float* m = update.history;
  float* v = update.history2;
  ForEach(update, [=](float g, int64_t i) {
    m[i] = (1 - beta1) * g + beta1 * m[i];
    v[i] = (1 - beta2) * (g * g) + beta2 * v[i];
    return rate * (m[i] / (std::sqrt(v[i]) + delta));
  });
}

constexpr UpdateRule kRules[] = {
    {"AdaDelta", 2, true, AdaDelta}, {"AdaGrad", 1, false, AdaGrad},
    {"Adam", 2, true, Adam},         {"Nesterov", 1, true, Nesterov},
    {"RMSProp", 1, false, RmsProp},  {"SGD", 1, true, Sgd},
};

// Shares are in [0, 1).
absl::Status CheckShare(const char* field, float value) {
  if (value >= 0 && value < 1) return absl::OkStatus();
  return SolverError(
      field, absl::StrCat("is ", value, "; it must be from 0 to below 1"));
}

absl::Status CheckFields(const caffe::SolverParameter& solver,
                         const UpdateRule& rule) {
  if (!rule.takes_momentum && solver.momentum() != 0) {
    return SolverError("momentum",
                       absl::StrCat("must be 0 for type ", rule.type));
  }
  if (!(solver.delta() >= 0)) {
    return SolverError("delta", "must not be negative");
  }
  RETURN_IF_ERROR(CheckShare("momentum", solver.momentum()));
  RETURN_IF_ERROR(CheckShare("momentum2", solver.momentum2()));
  return CheckShare("rms_decay", solver.rms_decay());
}

}  // namespace

absl::StatusOr<const UpdateRule*> FindUpdateRule(
    const caffe::SolverParameter& solver) {
  for (const UpdateRule& rule : kRules) {
    if (solver.type() != rule.type) continue;
    RETURN_IF_ERROR(CheckFields(solver, rule));
    return &rule;
  }
  return SolverError("type",
                     absl::StrCat("is \"", solver.type(), "\"; give one of ",
                                  absl::StrJoin(SolverTypes(), ", ")));
}

std::vector<std::string> SolverTypes() {
  std::vector<std::string> types;
  for (const UpdateRule& rule : kRules) types.emplace_back(rule.type);
  return types;
}

}  // namespace quantd
