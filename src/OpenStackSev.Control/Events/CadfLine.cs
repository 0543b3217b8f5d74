namespace OpenStackSev.Control.Events;

/// <summary>A request in the form of OpenStack's audit middleware.</summary>
/// <remarks>Source: DMTF DSP0262 (CADF) 1.0, "Event" and "Appendix A: taxonomies"; pyCADF's JSON names.</remarks>
internal static class CadfLine
{
    private const string Node = "data/compute/node";

    public static byte[] Of(AuditRecord record) => EcsLine.Line(json =>
    {
        json.WriteString("typeURI", "http://schemas.dmtf.org/cloud/audit/1.0/event");
        json.WriteString("eventType", "activity");
        json.WriteString("id", record.Id);
        json.WriteString("eventTime", EcsLine.Text(record.Time));
        json.WriteString("action", record.Method switch
        {
            "POST" => "create",
            "PUT" or "PATCH" => "update",
            "DELETE" => "delete",
            _ => "unknown",
        });
        json.WriteString("outcome", record.Status < 400 ? "success" : "failure");
        EcsLine.Object(json, "reason", ("reasonType", "HTTP"), ("reasonCode", $"{record.Status}"));
        json.WriteStartObject("initiator");
        json.WriteString("typeURI", record.IsNode ? Node : "service/security/account/user");
        json.WriteString("id", record.InitiatorId ?? "unknown");
        if (record.InitiatorName is { } name)
            json.WriteString("name", name);
        if (record.ProjectId is { } project)
            json.WriteString("project_id", project);
        EcsLine.Object(json, "host", ("address", record.Address), ("agent", record.UserAgent));
        json.WriteEndObject();
        EcsLine.Object(json, "target", ("typeURI", TargetType(record.Path)), ("id", record.Target ?? "unknown"));
        EcsLine.Object(json, "observer", ("typeURI", "service/security/attestation"), ("id", "target"), ("name", "openstack-sev"));
        json.WriteString("requestPath", record.Path);
        json.WriteStartArray("tags");
        json.WriteStringValue($"correlation_id?value={record.RequestId}");
        json.WriteEndArray();
    });

    private static string TargetType(string path) => path.Split('/') is [_, _, "hosts", ..] ? Node : "service/security/attestation";
}
