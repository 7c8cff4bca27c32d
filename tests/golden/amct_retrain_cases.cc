// Golden cases of quantization-aware training: ulq, activation_qat,
// weight_ulq.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/quant/activation_qat.h"
#include "engine/quant/ulq.h"
#include "engine/quant/weight_ulq.h"
#include "tests/golden/amct_compare.h"
#include "tests/golden/amct_families.h"

namespace quantd {
namespace {

using nlohmann::json;

// NaN counts as equal to any NaN.
absl::Status CompareClip(const json& expected, const char* key, float value) {
  const float wanted = JsonFloat(expected.at(key));
  if (wanted != wanted && value != value) return absl::OkStatus();
  return CompareFloat(expected, key, value);
}

absl::Status CompareClips(const json& expected, const UlqClips& clips,
                          const UlqClips& remembered) {
  RETURN_IF_ERROR(CompareClip(expected, "clip_max", clips.max));
  RETURN_IF_ERROR(CompareClip(expected, "clip_min", clips.min));
  RETURN_IF_ERROR(CompareClip(expected, "clip_max_pre", remembered.max));
  return CompareClip(expected, "clip_min_pre", remembered.min);
}

absl::Status CompareGradient(const json& expected,
                             const UlqGradient& gradient) {
  RETURN_IF_ERROR(CompareFloat(expected, "d_clip_max", gradient.max));
  return CompareFloat(expected, "d_clip_min", gradient.min);
}

absl::Status RunClipCheck(const AmctCase& golden) {
  const json& in = golden.inputs;
  UlqClips clips{JsonFloat(in.at("clip_max")), JsonFloat(in.at("clip_min"))};
  UlqClips remembered{JsonFloat(in.at("clip_max_pre")),
                      JsonFloat(in.at("clip_min_pre"))};
  if (RestoreClips(&clips, &remembered) !=
      golden.expected.at("returns").get<bool>()) {
    return Mismatch("returns");
  }
  return CompareClips(golden.expected, clips, remembered);
}

// A case of one step, for CompareStored().
AmctCase StepCase(const AmctCase& golden, size_t step) {
  AmctCase result = golden;
  result.inputs = golden.inputs.at("steps").at(step);
  result.expected = golden.expected.at("steps").at(step);
  return result;
}

// The first forward step with ifmr_init. AMCT's CPU code, which made the cases,
// adds the old minimum: our clips are compared with those of its GPU code,
// then the step is done again from the CPU's.
absl::Status RunInitStep(const json& expected, absl::Span<const float> x,
                         const ActivationQatParams& params,
                         ActivationQat* layer, absl::Span<float> y) {
  RETURN_IF_ERROR(layer->Forward(x, y));
  ASSIGN_OR_RETURN(const UlqClips found, IfmrClips(x, params.num_bits));
  RETURN_IF_ERROR(CompareFloat(expected, "gpu_order_clip_max", found.max));
  RETURN_IF_ERROR(CompareFloat(expected, "gpu_order_clip_min", found.min));
  // Not through Forward(): RestoreClips() would remember these.
  const UlqClips clips{JsonFloat(expected.at("clip_max")),
                       JsonFloat(expected.at("clip_min"))};
  layer->set_clips(clips);
  ASSIGN_OR_RETURN(const UlqFactors factors,
                   UlqFactorsOf(clips, params.num_bits));
  UlqForward(x, factors, params.num_bits, y);
  return CompareFloat(expected, "scale", factors.scale);
}

absl::Status RunStep(const AmctCase& golden, bool init,
                     const ActivationQatParams& params, ActivationQat* layer) {
  const json& before = golden.inputs.at("set_clip_before");
  if (!before.is_null()) {
    layer->set_clips({JsonFloat(before.at(0)), JsonFloat(before.at(1))});
  }
  ASSIGN_OR_RETURN(const std::vector<float> x,
                   JsonFloats(golden.dir, golden.inputs.at("x")));
  std::vector<float> y(x.size());
  const json& expected = golden.expected;
  if (!expected.at("forward_ok").get<bool>()) {
    const absl::Status status = layer->Forward(x, absl::MakeSpan(y));
    return CompareCode(expected.at("ifmr_code").get<int>(), status);
  }
  if (init) {
    RETURN_IF_ERROR(RunInitStep(expected, x, params, layer, absl::MakeSpan(y)));
    RETURN_IF_ERROR(CompareStored(golden, "y", y));
    RETURN_IF_ERROR(
        CompareClips(expected, layer->clips(), layer->remembered()));
  } else {
    RETURN_IF_ERROR(layer->Forward(x, absl::MakeSpan(y)));
    RETURN_IF_ERROR(CompareStored(golden, "y", y));
    RETURN_IF_ERROR(
        CompareClips(expected, layer->clips(), layer->remembered()));
    RETURN_IF_ERROR(CompareFloat(expected, "scale", layer->factors().scale));
  }
  ASSIGN_OR_RETURN(const UlqFactors factors,
                   UlqFactorsOf(layer->clips(), params.num_bits));
  if (factors.zero_point != expected.at("offset_zero_point").get<int>() ||
      UlqRecordOffset(factors, params.num_bits) !=
          expected.at("record_offset_d").get<int>()) {
    return Mismatch(absl::StrCat("zero point ", factors.zero_point));
  }
  ASSIGN_OR_RETURN(const std::vector<float> dy,
                   JsonFloats(golden.dir, golden.inputs.at("top_diff")));
  const UlqClips range = UlqRange(factors, params.num_bits);
  std::vector<float> dx(x.size());
  UlqInputGradient(x, dy, range, absl::MakeSpan(dx));
  RETURN_IF_ERROR(CompareStored(golden, "bottom_diff", dx));
  if (init) {
    return CompareGradient(expected,
                           UlqClipGradient(x, dy, range, layer->clips(), 8));
  }
  return CompareGradient(expected, layer->Backward(x, dy, absl::MakeSpan(dx)));
}

}  // namespace

absl::Status RunUlq(const AmctCase& golden) {
  if (golden.inputs.contains("clip_max")) return RunClipCheck(golden);
  const json& params = golden.params;
  ASSIGN_OR_RETURN(const std::vector<float> x,
                   JsonFloats(golden.dir, golden.inputs.at("x")));
  ASSIGN_OR_RETURN(const std::vector<float> dy,
                   JsonFloats(golden.dir, golden.inputs.at("top_diff")));
  UlqFactors factors;
  factors.scale = JsonFloat(params.at("scale"));
  factors.zero_point = params.at("offset").get<int32_t>();
  std::vector<float> y(x.size());
  UlqForward(x, factors, params.at("num_bits_forward").get<int>(),
             absl::MakeSpan(y));
  RETURN_IF_ERROR(CompareStored(golden, "y", y));
  const json& clip = params.at("clip");
  const UlqClips range{JsonFloat(clip.at(0)), JsonFloat(clip.at(1))};
  const UlqClips clips{JsonFloat(clip.at(2)), JsonFloat(clip.at(3))};
  return CompareGradient(
      golden.expected,
      UlqClipGradient(x, dy, range, clips,
                      params.at("num_bits_backward").get<int>()));
}

absl::Status RunActivationQat(const AmctCase& golden) {
  ActivationQatParams params;
  params.clips.max = golden.params.at("clip_max").get<float>();
  params.clips.min = golden.params.at("clip_min").get<float>();
  params.ifmr_init = golden.params.at("ifmr_init").get<bool>();
  params.fixed_min = golden.params.at("fixed_min").get<bool>();
  params.num_bits = golden.params.at("num_bits").get<int>();
  ASSIGN_OR_RETURN(ActivationQat layer, ActivationQat::Create(params));
  const size_t steps = golden.inputs.at("steps").size();
  for (size_t i = 0; i < steps; ++i) {
    const absl::Status status = RunStep(
        StepCase(golden, i), i == 0 && params.ifmr_init, params, &layer);
    if (!status.ok()) {
      return Mismatch(absl::StrCat("step ", i, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

absl::Status RunWeightUlq(const AmctCase& golden) {
  ASSIGN_OR_RETURN(const std::vector<float> x,
                   JsonFloats(golden.dir, golden.inputs.at("x")));
  WeightUlqParams params;
  params.num_bits = golden.params.at("num_bits").get<int>();
  params.reciprocal = golden.params.at("s_rec_flag").get<bool>();
  std::vector<float> scale(golden.params.at("scale_length").get<size_t>(),
                           JsonFloat(golden.params.at("scale_before")));
  ASSIGN_OR_RETURN(const WeightUlqExtremes extremes,
                   WeightUlqScales(x, params, absl::MakeSpan(scale)));
  RETURN_IF_ERROR(CompareStored(golden, "max", extremes.max));
  RETURN_IF_ERROR(CompareStored(golden, "min", extremes.min));
  RETURN_IF_ERROR(CompareStored(golden, "scale", scale));
  std::vector<float> y(x.size());
  RETURN_IF_ERROR(WeightUlqFakeQuant(x, scale, params, absl::MakeSpan(y)));
  RETURN_IF_ERROR(CompareStored(golden, "fake_quant", y));
  return CompareStored(golden, "processed_scale",
                       WeightUlqSteps(scale, params.reciprocal));
}

}  // namespace quantd
