using System.Text.Json.Nodes;

namespace OpenStackSev.Cli.Tests.Validation;

/// <summary>Bodies as Nova and Glance answer them, in files of one test's own.</summary>
internal sealed class Bodies : IDisposable
{
    public const string FlavorId = "0f6a2c4e-4b57-4a3c-8d5b-6f1d8d8d1f01";
    public const string ImageId = "8c9d11aa-7a55-4b55-9c6e-3f60b1b0d102";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static string Flavor(params (string Key, string Value)[] extraSpecs) => Flavor("sev.small", FlavorId, extraSpecs);

    public static string Flavor(string name, string id, params (string Key, string Value)[] extraSpecs) => new JsonObject
    {
        ["id"] = id,
        ["name"] = name,
        ["ram"] = 2048,
        ["disk"] = 20,
        ["swap"] = 0,
        ["OS-FLV-EXT-DATA:ephemeral"] = 0,
        ["OS-FLV-DISABLED:disabled"] = false,
        ["vcpus"] = 2,
        ["os-flavor-access:is_public"] = true,
        ["rxtx_factor"] = 1.0,
        ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = "http://127.0.0.1:8774/v2.1/flavors/" + id }),
        ["description"] = null,
        ["extra_specs"] = Properties(extraSpecs),
    }.ToJsonString();

    public static string Image(params (string Key, string Value)[] properties) => Image("debian-13", ImageId, properties);

    public static string Image(string name, string id, params (string Key, string Value)[] properties)
    {
        JsonObject image = Properties(properties);
        image["id"] = id;
        image["name"] = name;
        image["status"] = "active";
        image["disk_format"] = "qcow2";
        image["container_format"] = "bare";
        image["visibility"] = "public";
        image["owner"] = "f04f91219ac04410ba69d00639b568e6";
        image["size"] = 65536;
        image["tags"] = new JsonArray();
        image["self"] = "/v2/images/" + id;
        image["schema"] = "/v2/schemas/image";
        return image.ToJsonString();
    }

    public string File(string name, string content)
    {
        string path = _folder.At(name);
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    public string File(string name, byte[] content)
    {
        string path = _folder.At(name);
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    public Task<CommandLine> ValidateAsync(string flavor, string image, params string[] more) =>
        CommandLine.RunAsync(["validate", "--flavor-file", File("flavor.json", flavor), "--image-file", File("image.json", image), .. more]);

    private static JsonObject Properties((string Key, string Value)[] properties) =>
        new(properties.Select(property => KeyValuePair.Create(property.Key, (JsonNode?)JsonValue.Create(property.Value))));
}
