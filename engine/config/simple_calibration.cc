#include "engine/config/simple_calibration.h"

#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "engine/config/float_text.h"
#include "engine/config/quant_ranges.h"

namespace quantd {
namespace {

constexpr SearchNames kSearchNames = {"search_range_start", "search_range_end",
                                      "search_range_start", "search_range_end"};

absl::Status ReadIfmr(const amct::FMRQuantize& ifmr, const FieldPlaces& places,
                      ActivationQuantParams* params) {
  if (ifmr.has_num_bits()) {
    RETURN_IF_ERROR(ReadDataBits(ifmr.num_bits(), places.At("num_bits"),
                                 &params->num_bits));
  }
  if (ifmr.has_max_percentile()) {
    RETURN_IF_ERROR(
        ReadPercentile(DecimalOf(ifmr.max_percentile()), "max_percentile",
                       places.At("max_percentile"), &params->max_percentile));
  }
  if (ifmr.has_min_percentile()) {
    RETURN_IF_ERROR(
        ReadPercentile(DecimalOf(ifmr.min_percentile()), "min_percentile",
                       places.At("min_percentile"), &params->min_percentile));
  }
  SearchLimits limits;
  if (ifmr.has_search_range_start()) {
    limits.start = DecimalOf(ifmr.search_range_start());
  }
  if (ifmr.has_search_range_end()) {
    limits.end = DecimalOf(ifmr.search_range_end());
  }
  if (ifmr.has_search_step()) limits.step = DecimalOf(ifmr.search_step());
  RETURN_IF_ERROR(CheckSearchRange(
      limits, kSearchNames,
      places.At(ifmr.has_search_range_start() ? "search_range_start"
                                              : "search_range_end")));
  return ReadSearch(limits, kSearchNames, places.At("search_step"), params);
}

absl::Status ReadArq(const amct::ARQuantize& arq, const FieldPlaces& places,
                     SimpleCalibration* calibration) {
  WeightQuantParams& weights = calibration->weights.emplace();
  calibration->channel_wise_place = places.At("channel_wise");
  if (arq.has_channel_wise()) calibration->channel_wise = arq.channel_wise();
  if (!arq.has_num_bits()) return absl::OkStatus();
  return ReadWeightBits(arq.num_bits(), WeightAlgorithm::kArq,
                        places.At("num_bits"), &weights.num_bits);
}

absl::Status ReadSnq(const amct::SNQuantize& snq, const FieldPlaces& places,
                     SimpleCalibration* calibration) {
  WeightQuantParams& weights = calibration->weights.emplace();
  weights.wts_algo = WeightAlgorithm::kSnq;
  weights.num_bits = 4;
  calibration->weights_field = "snq_quantize";
  calibration->channel_wise_place = places.At("channel_wise");
  if (snq.has_channel_wise()) calibration->channel_wise = snq.channel_wise();
  RETURN_IF_ERROR(ReadMaxIteration(
      snq.max_iteration(), places.At("max_iteration"), &weights.max_iteration));
  RETURN_IF_ERROR(ReadMinDistance(DecimalOf(snq.min_distance()),
                                  places.At("min_distance"),
                                  &weights.min_distance));
  return ReadInitAlgo(snq.init_algo(), places.At("init_algo"),
                      &weights.init_algo);
}

}  // namespace

// The decimal number that the file has, as far as float32 keeps it: 0.7, not
// 0.699999988.
double DecimalOf(float value) {
  double number = 0;
  return absl::SimpleAtod(PythonFloatText(value), &number) ? number : value;
}

absl::StatusOr<SimpleCalibration> ReadSimpleCalibration(
    const amct::CalibrationConfig& config, const FieldPlaces& places) {
  SimpleCalibration calibration;
  if (config.has_ifmr_quantize()) {
    RETURN_IF_ERROR(ReadIfmr(config.ifmr_quantize(),
                             places.Inside("ifmr_quantize"),
                             &calibration.activation));
  }
  if (config.has_snq_quantize() &&
      !places.InOrder("snq_quantize", "arq_quantize")) {
    calibration.weights_place = places.At("snq_quantize");
    RETURN_IF_ERROR(ReadSnq(config.snq_quantize(),
                            places.Inside("snq_quantize"), &calibration));
  } else if (config.has_arq_quantize()) {
    calibration.weights_place = places.At("arq_quantize");
    RETURN_IF_ERROR(ReadArq(config.arq_quantize(),
                            places.Inside("arq_quantize"), &calibration));
  }
  return calibration;
}

}  // namespace quantd
