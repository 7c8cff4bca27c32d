// AMCT's simplified configuration (*.cfg, proto/amct/quant_config.proto): a few
// lines from which the configuration of every layer follows.
// Not here: the text itself (simple_config_text.h).
#ifndef QUANTD_ENGINE_CONFIG_PARSE_SIMPLE_CONFIG_H_
#define QUANTD_ENGINE_CONFIG_PARSE_SIMPLE_CONFIG_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/config/quant_config.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// A layer takes the first that there is of: its entry in
// override_layer_configs, that of its type in override_layer_types,
// common_config, AMCT's defaults. The entry holds as a whole: what it leaves
// out has AMCT's default, not the value of the next. skip_layers and
// skip_layer_types switch layers off whatever else is said of them; types that
// are off by default stay off, for this form has no quant_enable.
// text: at most 16 MiB. file_name: for messages only. net: as for
// DefaultQuantConfig().
// Errors: as ParseQuantConfig(), with line and column everywhere; CONFIG_PARSE
// also for names that a list or two overrides have twice; OPTION_CONFLICT also
// for types that cannot be quantized.
absl::StatusOr<QuantConfig> ParseSimpleQuantConfig(
    absl::string_view text, absl::string_view file_name,
    const caffe::NetParameter& net, Target target = Target::kSs928);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_PARSE_SIMPLE_CONFIG_H_
