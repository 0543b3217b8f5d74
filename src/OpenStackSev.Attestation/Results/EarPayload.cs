using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Results;

/// <summary>Writes and reads the JSON of a result. What is signed is written here, and read nowhere else.</summary>
internal static class EarPayload
{
    private const int MaximumText = 255;
    private const string SubjectClaim = "openstack";
    private const string AppraisalClaim = "openstack_sev";

    /// <summary>Who made the result, as AR4SI's verifier-id.</summary>
    private static readonly string s_build = $"OpenStackSev.Attestation {typeof(EarPayload).Assembly.GetName().Version?.ToString(3)}";

    public static string Write(EarClaims claims, ConfirmationKey confirmation, string issuer, string? audience, long issuedAt, long expiresAt)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            json.WriteString("eat_profile", EarClaims.Profile);
            json.WriteString("iss", issuer);
            if (audience is not null)
                json.WriteString("aud", audience);
            json.WriteString("sub", claims.Subject.Instance);
            json.WriteNumber("iat", issuedAt);
            json.WriteNumber("nbf", issuedAt);
            json.WriteNumber("exp", expiresAt);
            json.WriteStartObject("ear_verifier_id");
            json.WriteString("developer", "OpenStackSev");
            json.WriteString("build", s_build);
            json.WriteEndObject();
            json.WriteString("ear_status", EarWords.Tiers.Word(claims.Status));
            json.WritePropertyName("cnf");
            confirmation.Write(json);
            Subject(json, claims.Subject);
            json.WriteStartObject("submods");
            json.WriteStartObject(EarClaims.Submodule);
            Appraisal(json, claims);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>What is wrong with the texts of claims, before they are signed; null when nothing is.</summary>
    public static string? Unwritable(EarClaims claims)
    {
        (string Name, string? Text, bool Needed)[] texts =
        [
            ("project", claims.Subject.Project, true), ("cloud", claims.Subject.Cloud, false), ("region", claims.Subject.Region, false),
            ("flavor", claims.Subject.Flavor, false), ("policy", claims.Policy, true), ("policy version", claims.PolicyVersion, false),
        ];
        foreach ((string name, string? text, bool needed) in texts)
        {
            if (text is null ? needed : !IsText(text))
                return $"{name} needs 1 to {MaximumText} characters without control characters";
        }
        return claims.Subject.Instance == Guid.Empty || claims.Subject.Host == Guid.Empty ? "instance and host need their UUIDs" : null;
    }

    public static bool IsText([NotNullWhen(true)] string? text) => text is { Length: > 0 and <= MaximumText } && !text.Any(char.IsControl);

    /// <summary>The claims; null, with the name of the first one that is missing or wrong.</summary>
    public static EarClaims? Read(JsonElement payload, out string? wrong)
    {
        wrong = null;
        if (!payload.TryGetProperty("cnf", out JsonElement cnf) || !ConfirmationKey.TryRead(cnf, out ConfirmationKey? confirmation))
            return Wrong("cnf", out wrong);
        if (!payload.TryGetProperty(SubjectClaim, out JsonElement facts) || ReadSubject(facts) is not { } subject)
            return Wrong(SubjectClaim, out wrong);
        if (StrictJson.Text(payload, "sub") != subject.Instance.ToString("D"))
            return Wrong("sub", out wrong);
        if (!payload.TryGetProperty("ear_verifier_id", out JsonElement verifier)
            || !IsText(StrictJson.Text(verifier, "developer")) || !IsText(StrictJson.Text(verifier, "build")))
        {
            return Wrong("ear_verifier_id", out wrong);
        }
        if (!payload.TryGetProperty("submods", out JsonElement submodules) || submodules.ValueKind != JsonValueKind.Object || submodules.EnumerateObject().Count() != 1
            || !submodules.TryGetProperty(EarClaims.Submodule, out JsonElement appraisal) || appraisal.ValueKind != JsonValueKind.Object)
        {
            return Wrong("submods", out wrong);
        }
        if (Word(payload, "ear_status", EarWords.Tiers) is not { } status || Word(appraisal, "ear_status", EarWords.Tiers) != status)
            return Wrong("ear_status", out wrong);
        if (!appraisal.TryGetProperty("ear_trustworthiness_vector", out JsonElement values) || ReadVector(values) is not { } vector)
            return Wrong("ear_trustworthiness_vector", out wrong);
        if (!appraisal.TryGetProperty("ear_verifier_claims", out JsonElement claims) || claims.ValueKind != JsonValueKind.Object
            || !claims.TryGetProperty(AppraisalClaim, out JsonElement own) || own.ValueKind != JsonValueKind.Object)
        {
            return Wrong(AppraisalClaim, out wrong);
        }
        return ReadOwn(own, status, vector, subject, confirmation, out wrong);
    }

    private static EarClaims? Wrong(string claim, out string? wrong)
    {
        wrong = claim;
        return null;
    }

    private static void Subject(Utf8JsonWriter json, OpenStackSubject subject)
    {
        json.WriteStartObject(SubjectClaim);
        json.WriteString("instance", subject.Instance);
        json.WriteString("project", subject.Project);
        json.WriteString("host", subject.Host);
        Optional(json, "cloud", subject.Cloud);
        Optional(json, "region", subject.Region);
        Optional(json, "flavor", subject.Flavor);
        Optional(json, "image", subject.Image?.ToString("D"));
        json.WriteEndObject();
    }

    private static void Appraisal(Utf8JsonWriter json, EarClaims claims)
    {
        json.WriteString("ear_status", EarWords.Tiers.Word(claims.Status));
        json.WriteStartObject("ear_trustworthiness_vector");
        foreach ((string word, TrustworthinessClaim claim) in EarWords.Vector)
            json.WriteNumber(word, claims.Vector[claim]);
        json.WriteEndObject();
        json.WriteStartArray("ear_appraisal_policy_ids");
        json.WriteStringValue(claims.PolicyVersion is { } version ? $"{claims.Policy}@{version}" : claims.Policy);
        json.WriteEndArray();
        json.WriteStartObject("ear_verifier_claims");
        json.WriteStartObject(AppraisalClaim);
        json.WriteBoolean("genuine", claims.Genuine);
        json.WriteBoolean("simulated", claims.Simulated);
        json.WriteBoolean("bound_to_chip", claims.BoundToChip);
        json.WriteBoolean("bound_to_key", claims.BoundToKey);
        json.WriteString("evidence", EarWords.Evidence.Word(claims.Evidence));
        Optional(json, "product", claims.Product is { } product ? EarWords.Products.Word(product) : null);
        List(json, "findings", claims.Findings);
        List(json, "not_checked", claims.NotChecked.Select(EarWords.NotChecked.Word));
        json.WriteString("policy", claims.Policy);
        Optional(json, "policy_version", claims.PolicyVersion);
        json.WriteNumber("appraised_at", claims.AppraisedAt.ToUnixTimeSeconds());
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static OpenStackSubject? ReadSubject(JsonElement facts)
    {
        bool sound = Guid.TryParseExact(StrictJson.Text(facts, "instance"), "D", out Guid instance);
        sound &= Guid.TryParseExact(StrictJson.Text(facts, "host"), "D", out Guid host);
        sound &= OptionalText(facts, "cloud", out string? cloud) & OptionalText(facts, "region", out string? region)
            & OptionalText(facts, "flavor", out string? flavor) & OptionalText(facts, "image", out string? image);
        Guid imageId = default;
        sound = sound && (image is null || Guid.TryParseExact(image, "D", out imageId));
        return sound && StrictJson.Text(facts, "project") is { } project && IsText(project)
            ? new(instance, project, host, cloud, region, flavor, image is null ? null : imageId) : null;
    }

    // All eight, and no other: a new aspect that we pass over might be the one that contraindicates.
    private static TrustworthinessVector? ReadVector(JsonElement values)
    {
        if (values.ValueKind != JsonValueKind.Object || values.EnumerateObject().Count() != EarWords.Vector.Count)
            return null;
        TrustworthinessVector vector = new();
        foreach ((string word, TrustworthinessClaim claim) in EarWords.Vector)
        {
            if (!values.TryGetProperty(word, out JsonElement value) || value.ValueKind != JsonValueKind.Number || !value.TryGetSByte(out sbyte number))
                return null;
            vector = vector.With(claim, number);
        }
        return vector;
    }

    private static EarClaims? ReadOwn(JsonElement own, Verdict status, TrustworthinessVector vector, OpenStackSubject subject,
        ConfirmationKey confirmation, out string? wrong)
    {
        wrong = null;
        if (Truth(own, "genuine") is not { } genuine)
            return Wrong("genuine", out wrong);
        if (Truth(own, "simulated") is not { } simulated)
            return Wrong("simulated", out wrong);
        if (Truth(own, "bound_to_chip") is not { } boundToChip)
            return Wrong("bound_to_chip", out wrong);
        if (Truth(own, "bound_to_key") is not { } boundToKey)
            return Wrong("bound_to_key", out wrong);
        if (Word(own, "evidence", EarWords.Evidence) is not { } evidence)
            return Wrong("evidence", out wrong);
        SnpProduct? product = Word(own, "product", EarWords.Products);
        if (product is null && own.TryGetProperty("product", out _))
            return Wrong("product", out wrong);
        if (Texts(own, "findings") is not { } findings)
            return Wrong("findings", out wrong);
        if (Texts(own, "not_checked") is not { } words || !words.TrueForAll(EarWords.NotChecked.ContainsKey))
            return Wrong("not_checked", out wrong);
        if (StrictJson.Text(own, "policy") is not { } policy || !IsText(policy))
            return Wrong("policy", out wrong);
        if (!OptionalText(own, "policy_version", out string? policyVersion))
            return Wrong("policy_version", out wrong);
        if (Time(own, "appraised_at") is not { } appraisedAt)
            return Wrong("appraised_at", out wrong);
        return new()
        {
            Status = status,
            Vector = vector,
            Subject = subject,
            Confirmation = confirmation,
            Genuine = genuine,
            Simulated = simulated,
            BoundToChip = boundToChip,
            BoundToKey = boundToKey,
            Evidence = evidence,
            Product = product,
            Findings = findings,
            NotChecked = [.. words.Select(word => EarWords.NotChecked[word])],
            Policy = policy,
            PolicyVersion = policyVersion,
            AppraisedAt = appraisedAt,
        };
    }

    /// <summary>A NumericDate in whole seconds: EAR forbids fractions. Null when it is none, or no time of this calendar.</summary>
    public static DateTimeOffset? Time(JsonElement element, string key) =>
        element.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long seconds)
        && seconds is >= 0 and <= 253_402_300_799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    private static bool? Truth(JsonElement element, string key) =>
        element.TryGetProperty(key, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

    private static T? Word<T>(JsonElement element, string key, IReadOnlyDictionary<string, T> words) where T : struct =>
        StrictJson.Text(element, key) is { } word && words.TryGetValue(word, out T value) ? value : null;

    private static bool OptionalText(JsonElement element, string key, out string? text)
    {
        text = StrictJson.Text(element, key);
        return text is null ? element.ValueKind == JsonValueKind.Object && !element.TryGetProperty(key, out _) : IsText(text);
    }

    private static List<string>? Texts(JsonElement element, string key)
    {
        if (!element.TryGetProperty(key, out JsonElement list) || list.ValueKind != JsonValueKind.Array)
            return null;
        List<string> texts = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || !IsText(item.GetString()))
                return null;
            texts.Add(item.GetString()!);
        }
        return texts;
    }

    private static void Optional(Utf8JsonWriter json, string key, string? text)
    {
        if (text is not null)
            json.WriteString(key, text);
    }

    private static void List(Utf8JsonWriter json, string key, IEnumerable<string> texts)
    {
        json.WriteStartArray(key);
        foreach (string text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
