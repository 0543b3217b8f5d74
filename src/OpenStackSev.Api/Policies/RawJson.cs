using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenStackSev.Api.Policies;

/// <summary>JSON that is written as it was read, to the last blank: whoever compares or signs it must find the same bytes.</summary>
internal sealed class RawJson : JsonConverter<JsonElement>
{
    public override JsonElement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonElement.ParseValue(ref reader);

    public override void Write(Utf8JsonWriter writer, JsonElement value, JsonSerializerOptions options) => writer.WriteRawValue(value.GetRawText());
}
